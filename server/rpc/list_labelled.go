package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// ListLabelledTransactions lists transactions that have an outcome.
func (s *service) ListLabelledTransactions(ctx context.Context, req *fraudactivityv1.ListLabelledTransactionsRequest) (*fraudactivityv1.ListLabelledTransactionsResponse, error) {
	after, err := parsePageToken(req.PageToken, req)
	if err != nil {
		return nil, err
	}
	if after == nil {
		after = &fraud.Cursor{}
	}
	page, err := s.Store.ListLabelled(ctx, after.Seq, pageSize(req.PageSize))
	if err != nil {
		return nil, err
	}
	out := &fraudactivityv1.ListLabelledTransactionsResponse{}
	if page.Next != 0 {
		out.NextPageToken = pageToken(&fraud.Cursor{Seq: page.Next}, req)
	}
	for _, l := range page.Items {
		out.LabelledTransactions = append(out.LabelledTransactions, fromLabelled(l))
	}
	return out, nil
}

func fromLabelled(l fraud.Labelled) *fraudactivityv1.LabelledTransaction {
	out := &fraudactivityv1.LabelledTransaction{
		TransactionId: l.Transaction.ID, Facts: fromFacts(l.Transaction.Facts), Outcome: fromOutcome(l.Outcome),
	}
	if l.Assessment != nil {
		out.FraudActivity = fromActivity(*l.Assessment, fraudactivityv1.View_VIEW_FULL)
		out.FraudActivity.Assessment.Facts = nil // they stand above
	}
	return out
}
