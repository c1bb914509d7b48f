package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// GetCaller tells the caller who it is, and what it may do.
func (s *service) GetCaller(ctx context.Context, _ *fraudactivityv1.GetCallerRequest) (*fraudactivityv1.Caller, error) {
	caller := scopeOf(ctx).caller
	return &fraudactivityv1.Caller{KeyId: caller.KeyID, Name: caller.Name, Role: caller.Role, Permissions: caller.Permissions()}, nil
}
