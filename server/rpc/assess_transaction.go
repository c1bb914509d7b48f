package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
)

// AssessTransaction records a transaction and assesses it.
func (s *service) AssessTransaction(ctx context.Context, req *fraudactivityv1.AssessTransactionRequest) (*fraudactivityv1.FraudActivity, error) {
	by := scopeOf(ctx).caller.KeyID
	t := toTransaction(req.Transaction, by)
	assessment, err := s.Assessor.Assess(ctx, assess.Ask{ID: t.ID, Transaction: &t, By: by})
	if err != nil {
		return nil, err
	}
	return s.show(ctx, assessment, req.View)
}
