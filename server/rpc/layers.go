package rpc

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
)

// The layers inside of the gate. Each stands before single calls and streams.

// translator logs failures and lets out only what toConnect makes of them.
type translator struct{ log *slog.Logger }

func (t *translator) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		res, err := next(ctx, req)
		if err != nil {
			return nil, t.translate(ctx, req.Spec(), err)
		}
		scopeOf(ctx).ended(nil, "")
		return res, nil
	}
}

func (t *translator) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		if err := next(ctx, conn); err != nil {
			return t.translate(ctx, conn.Spec(), err)
		}
		scopeOf(ctx).ended(nil, "")
		return nil
	}
}

func (t *translator) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (t *translator) translate(ctx context.Context, spec connect.Spec, err error) error {
	logFailure(ctx, t.log, spec.Procedure, err)
	var unread *unreadError
	if errors.As(err, &unread) {
		return unread.error
	}
	told := toConnect(ctx, err)
	scopeOf(ctx).ended(told, reasonOf(err))
	return told
}

// deadlines gives a call without a deadline one, and caps the others. Streams
// live as long as their callers like.
type deadlines struct {
	fallback *atomic.Int64 // nanoseconds
	cap      time.Duration
}

func (d deadlines) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		limit := d.cap
		if _, ok := ctx.Deadline(); !ok {
			limit = time.Duration(d.fallback.Load())
		}
		ctx, cancel := context.WithTimeout(ctx, limit) // never later than the caller's own
		defer cancel()
		return next(ctx, req)
	}
}

func (d deadlines) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (d deadlines) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// rules holds every request to the rules beside its fields.
type rules struct{}

func (rules) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if err := check(req.Any()); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

func (rules) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return next(ctx, checkedConn{conn})
	}
}

func (rules) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// checkedConn checks what a stream receives.
type checkedConn struct{ connect.StreamingHandlerConn }

func (c checkedConn) Receive(msg any) error {
	if err := c.StreamingHandlerConn.Receive(msg); err != nil {
		return &unreadError{err}
	}
	return check(msg)
}

// unreadError is Connect's own word on a message that it could not read, such
// as one beyond the size limit. It is about the request, and fit for callers.
type unreadError struct{ error }

func (e *unreadError) Unwrap() error { return e.error }
