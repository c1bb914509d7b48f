package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// GetModel describes the model now serving.
func (s *service) GetModel(context.Context, *fraudactivityv1.GetModelRequest) (*fraudactivityv1.Model, error) {
	model, err := s.Predictor.Model()
	if err != nil {
		return nil, err
	}
	return fromModel(model), nil
}
