package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// ListOutcomes lists every report of what a transaction turned out to be.
func (s *service) ListOutcomes(context.Context, *fraudactivityv1.ListOutcomesRequest) (*fraudactivityv1.ListOutcomesResponse, error) {
	return nil, fraud.Unimplemented("ListOutcomes is not available yet")
}
