package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// maxHistory bounds what is shown of a history, the newest first.
const maxHistory = 1000

// ListOutcomes lists every report of what a transaction turned out to be.
func (s *service) ListOutcomes(ctx context.Context, req *fraudactivityv1.ListOutcomesRequest) (*fraudactivityv1.ListOutcomesResponse, error) {
	history, err := s.Store.OutcomeHistory(ctx, req.TransactionId, maxHistory)
	if err != nil {
		return nil, err
	}
	out := &fraudactivityv1.ListOutcomesResponse{}
	for _, o := range history {
		out.Outcomes = append(out.Outcomes, fromOutcome(o))
	}
	return out, nil
}
