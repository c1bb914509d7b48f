package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
)

// GetFraudActivity assesses a transaction that is already recorded.
func (s *service) GetFraudActivity(ctx context.Context, req *fraudactivityv1.GetFraudActivityRequest) (*fraudactivityv1.FraudActivity, error) {
	assessment, err := s.Assessor.Assess(ctx, assess.Ask{ID: req.TransactionId, By: scopeOf(ctx).caller.KeyID})
	if err != nil {
		return nil, err
	}
	return s.show(ctx, assessment, req.View)
}
