package rpc

import (
	"context"
	"fmt"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// ReportOutcome records what a transaction turned out to be.
func (s *service) ReportOutcome(ctx context.Context, req *fraudactivityv1.ReportOutcomeRequest) (*fraudactivityv1.ReportOutcomeResponse, error) {
	recorded, err := s.Reporter.Report(ctx, toOutcome(req, scopeOf(ctx).caller.KeyID))
	if err != nil {
		return nil, err
	}
	return &fraudactivityv1.ReportOutcomeResponse{Outcome: fromOutcome(recorded)}, nil
}

// ReportAll records outcomes by the rules of the contract, in the name of by:
// nil or an error for each, in order. The error beside them is the store's:
// then nothing was recorded.
func ReportAll(ctx context.Context, store fraud.Outcomes, by string, reports []*fraudactivityv1.ReportOutcomeRequest) ([]*fraudactivityv1.ItemError, error) {
	refused := make([]*fraudactivityv1.ItemError, len(reports))
	outcomes := make([]fraud.Outcome, 0, len(reports))
	handed := make([]int, 0, len(reports)) // by outcome: its place in reports
	for i, report := range reports {
		if err := check(report); err != nil {
			refused[i] = toItemError(ctx, err)
			continue
		}
		outcomes, handed = append(outcomes, toOutcome(report, by)), append(handed, i)
	}
	recorded, err := store.ReportOutcomes(ctx, outcomes)
	if err != nil {
		return nil, fmt.Errorf("report outcomes: %w", err)
	}
	for i, r := range recorded {
		if r.Err != nil {
			refused[handed[i]] = toItemError(ctx, r.Err)
		}
	}
	return refused, nil
}

func toOutcome(req *fraudactivityv1.ReportOutcomeRequest, by string) fraud.Outcome {
	now := time.Now().UTC().Truncate(time.Microsecond)
	o := fraud.Outcome{
		TransactionID: req.TransactionId, Label: fraud.OutcomeLabel(req.Outcome), Source: fraud.OutcomeSource(req.Source),
		OccurredAt: now, Note: req.Note, ReportedAt: now, ReportedBy: by,
	}
	if req.OccurredAt != nil {
		o.OccurredAt = fromTimestamp(req.OccurredAt)
	}
	return o
}
