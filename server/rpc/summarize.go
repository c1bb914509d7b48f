package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// SummarizeFraudActivity is not available yet, and says so.
func (s *service) SummarizeFraudActivity(context.Context, *fraudactivityv1.SummarizeFraudActivityRequest) (*fraudactivityv1.SummarizeFraudActivityResponse, error) {
	return nil, fraud.Unimplemented("SummarizeFraudActivity is not available in this version; use ListFraudActivity")
}
