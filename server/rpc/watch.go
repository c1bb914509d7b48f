package rpc

import (
	"context"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// WatchFraudActivity is not available yet, and says so.
func (s *service) WatchFraudActivity(context.Context, *fraudactivityv1.WatchFraudActivityRequest, *connect.ServerStream[fraudactivityv1.WatchFraudActivityResponse]) error {
	return fraud.Unimplemented("WatchFraudActivity is not available in this version; use ListFraudActivity")
}
