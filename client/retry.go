package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"connectrpc.com/connect"
)

// Pauses before repeats of a call.
var callBackoff = backoff{first: 100 * time.Millisecond, longest: 2 * time.Second}

// retries repeats calls that are safe to repeat up to n times. Streams pass:
// Watch resumes them.
func retries(n int) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			for failures := 1; ; failures++ {
				res, err := next(ctx, req)
				if err == nil || failures > n || !safeToRepeat(req.Spec()) || !worthRepeating(ctx, err) {
					return res, err
				}
				if pause := callBackoff.pause(err, failures); !fits(ctx, pause) || !sleep(ctx, pause) {
					return nil, err
				}
			}
		}
	}
}

func safeToRepeat(spec connect.Spec) bool {
	return spec.IdempotencyLevel == connect.IdempotencyIdempotent || spec.IdempotencyLevel == connect.IdempotencyNoSideEffects
}

// worthRepeating tells what may pass by itself. What is too large is exhausted as
// well, and stays too large: only where the service says when, a repeat can help.
func worthRepeating(ctx context.Context, err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true // the answer broke off: its server is gone
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable:
		return true
	case connect.CodeResourceExhausted:
		_, told := RetryAfter(err)
		return told
	case connect.CodeCanceled:
		// HTTP/2 says so of a connection that was reset, while nobody cancelled.
		return ctx.Err() == nil && !connect.IsWireError(err)
	}
	return false
}

// backoff doubles the longest pause with each failure.
type backoff struct{ first, longest time.Duration }

// pause is anything up to that, so that many callers do not come back at once;
// and beyond that what the service asks for.
func (b backoff) pause(err error, failures int) time.Duration {
	most := b.longest
	if doubled := b.first << (failures - 1); failures < 20 && doubled < most {
		most = doubled
	}
	after, _ := RetryAfter(err)
	return after + rand.N(most)
}

// fits reports whether something of ctx is left after the pause.
func fits(ctx context.Context, pause time.Duration) bool {
	deadline, has := ctx.Deadline()
	return !has || time.Until(deadline) > pause
}

// sleep reports whether it slept to the end.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
