package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// GetModel describes the model now serving, and how it did so far.
func (s *service) GetModel(ctx context.Context, _ *fraudactivityv1.GetModelRequest) (*fraudactivityv1.Model, error) {
	model, err := s.Predictor.Model()
	if err != nil {
		return nil, err
	}
	live, err := s.live.of(ctx, model.Version)
	if err != nil {
		return nil, err
	}
	out := fromModel(model)
	out.Live = fromLive(live)
	return out, nil
}
