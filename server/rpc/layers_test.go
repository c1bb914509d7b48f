package rpc

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

func TestCallsGetADeadlineAndNoneIsLongerThanTheCap(t *testing.T) {
	for name, c := range map[string]struct{ own, want time.Duration }{
		"none of its own":  {0, 5 * time.Second},
		"shorter":          {time.Second, time.Second},
		"within the cap":   {20 * time.Second, 20 * time.Second},
		"beyond the cap":   {time.Hour, 30 * time.Second},
		"already too late": {-time.Second, -time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			if c.own != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.own)
				defer cancel()
			}
			var left time.Duration
			var fallback atomic.Int64
			fallback.Store(int64(5 * time.Second))
			call := deadlines{fallback: &fallback, cap: 30 * time.Second}.WrapUnary(
				func(ctx context.Context, _ connect.AnyRequest) (connect.AnyResponse, error) {
					deadline, _ := ctx.Deadline()
					left = time.Until(deadline)
					return nil, nil
				})
			call(ctx, connect.NewRequest(&fraudactivityv1.GetModelRequest{}))
			if left != c.want {
				t.Errorf("%s: %s left, want %s", name, left, c.want)
			}
		})
	}
}

func TestOnlyPlainRequestIDsAreTaken(t *testing.T) {
	for id, plain := range map[string]bool{
		"": false, "a": true, "7f3a-B_2.x": true, "two words": false, "line\nbreak": false, "ü": false,
		string(make([]byte, 3)): false, "0123456789012345678901234567890123456789012345678901234567890123": true,
		"01234567890123456789012345678901234567890123456789012345678901234": false,
	} {
		if plainID(id) != plain {
			t.Errorf("%q: want %v", id, plain)
		}
	}
}
