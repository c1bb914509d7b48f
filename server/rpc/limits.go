package rpc

import (
	"context"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// limits holds each key to what it may have under way and ask a second.
type limits struct{ limiter *access.Limiter }

func (l limits) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		end, err := l.limiter.Call(scopeOf(ctx).caller.KeyID, items(req.Any()))
		if err != nil {
			return nil, err
		}
		defer end()
		return next(ctx, req)
	}
}

func (l limits) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		end, err := l.limiter.Stream(scopeOf(ctx).caller.KeyID)
		if err != nil {
			return err
		}
		defer end()
		return next(ctx, conn)
	}
}

func (l limits) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// items is how many things a call is about: one, unless it brings many. More than
// a call may bring is for the rules to refuse.
func items(msg any) int {
	n := 1
	switch m := msg.(type) {
	case *fraudactivityv1.BatchGetFraudActivityRequest:
		n = len(m.TransactionIds)
	case *fraudactivityv1.RecordTransactionsRequest:
		n = len(m.Transactions)
	}
	return min(max(n, 1), access.MaxItems)
}
