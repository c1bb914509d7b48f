package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// ListFraudActivity lists recorded assessments.
func (s *service) ListFraudActivity(ctx context.Context, req *fraudactivityv1.ListFraudActivityRequest) (*fraudactivityv1.ListFraudActivityResponse, error) {
	if err := checkTimes(req.Filter); err != nil {
		return nil, err
	}
	q := toQuery(req)
	var err error
	if q.After, err = parsePageToken(req.PageToken, req); err != nil {
		return nil, err
	}
	page, err := s.Store.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &fraudactivityv1.ListFraudActivityResponse{NextPageToken: pageToken(page.Next, req)}
	for _, item := range page.Items {
		out.FraudActivities = append(out.FraudActivities, fromListed(item))
	}
	return out, nil
}

func fromListed(item fraud.Listed) *fraudactivityv1.FraudActivity {
	shown := fromActivity(item.Assessment, fraudactivityv1.View_VIEW_FULL)
	shown.Assessment.FromRecord = true
	if item.Outcome != nil {
		shown.Assessment.Outcome = fromOutcome(*item.Outcome)
	}
	return shown
}

// checkTimes refuses a time outside of the calendar: the binary form of a message
// can hold one, and it would be read as another time.
func checkTimes(f *fraudactivityv1.Filter) error {
	if from := f.GetFrom(); from != nil && !from.IsValid() {
		return fraud.InvalidArgument("filter.from", "must be within the years 1 to 9999")
	}
	if to := f.GetTo(); to != nil && !to.IsValid() {
		return fraud.InvalidArgument("filter.to", "must be within the years 1 to 9999")
	}
	return nil
}

// toQuery reads what to list. Without a filter that is everything.
func toQuery(req *fraudactivityv1.ListFraudActivityRequest) fraud.Query {
	q := fraud.Query{Limit: pageSize(req.PageSize)}
	if req.Order == fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY {
		q.Order = fraud.OrderProbability
	}
	f := req.Filter
	if f == nil {
		return q
	}
	q.TransactionID, q.AccountID = f.TransactionId, f.AccountId
	q.MinProbability, q.MaxProbability = fromPercent(f.MinFraudProbability), fromPercent(f.MaxFraudProbability)
	q.Label, q.Outcome, q.Labelled = f.PredictedLabel, fraud.OutcomeLabel(f.Outcome), f.Labelled
	q.From, q.To = fromTimestamp(f.From), fromTimestamp(f.To)
	return q
}

func fromPercent(p *float64) *float64 {
	if p == nil {
		return nil
	}
	unit := *p / 100
	return &unit
}
