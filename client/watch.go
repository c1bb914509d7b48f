package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// The service sends a heartbeat every 5 seconds: a connection that brings nothing
// for longer than this is dead.
const silence = 12 * time.Second

var watchBackoff = backoff{first: 500 * time.Millisecond, longest: 15 * time.Second}

// Watch yields what is assessed, heartbeats included, until ctx is done or the
// loop is left. It connects again by itself and resumes after the last message
// that it yielded; lost, if given, is told why, and how long the pause is. An
// error is the last pair: one that repeating cannot cure, or the cause of ctx.
func Watch(ctx context.Context, c Client, req *fraudactivityv1.WatchFraudActivityRequest, lost ...func(why error, pause time.Duration)) iter.Seq2[*fraudactivityv1.WatchFraudActivityResponse, error] {
	return func(yield func(*fraudactivityv1.WatchFraudActivityResponse, error) bool) {
		req := proto.CloneOf(req) // the cursor moves on in it
		for failures := 1; ; failures++ {
			received, left, err := watchOnce(ctx, c, req, yield)
			if left {
				return
			}
			if received {
				failures = 1
			}
			pause := watchBackoff.pause(err, failures)
			if ctx.Err() == nil && !lasting(err) {
				for _, tell := range lost {
					tell(err, pause)
				}
				if sleep(ctx, pause) {
					continue
				}
			}
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			yield(nil, err)
			return
		}
	}
}

// watchOnce yields the messages of one connection, until that ends or the loop is
// left.
func watchOnce(ctx context.Context, c Client, req *fraudactivityv1.WatchFraudActivityRequest, yield func(*fraudactivityv1.WatchFraudActivityResponse, error) bool) (received, left bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dead := time.AfterFunc(silence, func() {
		cancel(connect.NewError(connect.CodeUnavailable, fmt.Errorf("no message came for %s", silence)))
	})
	defer dead.Stop()
	stream, err := c.WatchFraudActivity(ctx, req)
	if err != nil {
		return false, false, err
	}
	defer func() { cancel(nil); stream.Close() }()
	for stream.Receive() {
		dead.Stop() // a slow reader is no silence
		received = true
		if cursor := stream.Msg().Cursor; cursor != "" {
			req.Cursor = cursor
		}
		if !yield(stream.Msg(), nil) {
			return true, true, nil
		}
		dead.Reset(silence)
	}
	switch cause := context.Cause(ctx); {
	case cause != nil:
		return received, false, cause
	case stream.Err() != nil:
		return received, false, stream.Err()
	}
	return received, false, connect.NewError(connect.CodeUnavailable, errors.New("the stream ended"))
}

// lasting tells errors that another try would meet again.
func lasting(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeUnimplemented:
		return true
	}
	return false
}
