package client

import (
	"context"
	"time"

	"connectrpc.com/connect"
)

// deadline gives calls that bring none one of d. Streams go on for as long as they
// are read: connect.UnaryInterceptorFunc lets them pass.
func deadline(d time.Duration) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			if _, has := ctx.Deadline(); has || d <= 0 {
				return next(ctx, req)
			}
			ctx, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			return next(ctx, req)
		}
	}
}
