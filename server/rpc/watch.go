package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
)

const (
	// silence is after how long without a message a heartbeat is sent.
	silence = 5 * time.Second
	// reviewEvery is how often it is seen to that the caller still may watch: with
	// the 300 ms until a revocation is seen, within a second.
	reviewEvery = 500 * time.Millisecond
)

// WatchFraudActivity streams what is recorded, as it is.
func (s *service) WatchFraudActivity(ctx context.Context, req *fraudactivityv1.WatchFraudActivityRequest, stream *watchStream) error {
	if err := checkTimes(req.Filter); err != nil {
		return err
	}
	ask := feed.Ask{Query: toQuery(&fraudactivityv1.ListFraudActivityRequest{Filter: req.Filter}),
		Outcomes: req.Outcomes, MaxPerSecond: int(req.MaxPerSecond)}
	var err error
	if ask.After, err = parseCursor(req.Cursor); err != nil {
		return err
	}
	watcher, err := s.Feed.Watch(ctx, ask)
	if err != nil {
		return err
	}
	defer watcher.Close()
	w := watching{service: s, stream: stream, writer: streamWriterOf(ctx)}
	defer context.AfterFunc(s.Feed.Closing(), w.writer.hurry)()
	return w.run(ctx, watcher)
}

type watchStream = connect.ServerStream[fraudactivityv1.WatchFraudActivityResponse]

// watching is one stream at work.
type watching struct {
	*service
	stream   *watchStream
	writer   *streamWriter
	reviewed time.Time
	sent     time.Time
}

func (w *watching) run(ctx context.Context, watcher *feed.Watcher[*encoded]) error {
	for {
		if err := w.review(ctx); err != nil {
			return err
		}
		if time.Since(w.sent) >= silence { // the first one takes the headers along
			if err := w.send(heartbeat(watcher.Position(), w.Assessor)); err != nil {
				return err
			}
		}
		messages, err := watcher.Next(ctx, time.Until(w.reviewed.Add(reviewEvery)))
		if err != nil {
			return err
		}
		for i, message := range messages {
			w.writer.together = i+1 < len(messages)
			if err := w.send(message); err != nil {
				return err
			}
		}
	}
}

// review ends a stream whose key was revoked, has expired or may less than
// before, which the gate saw to when it began.
func (w *watching) review(ctx context.Context) error {
	if time.Since(w.reviewed) < reviewEvery {
		return nil
	}
	w.reviewed = time.Now()
	w.writer.extend(w.Feed.Closing())
	call, _ := connect.CallInfoForHandlerContext(ctx)
	caller, err := w.Callers.Review(ctx, call.RequestHeader())
	if err != nil {
		return err
	}
	return access.Permit(caller, call.Spec().Procedure)
}

func (w *watching) send(message *encoded) error {
	began := time.Now()
	if err := w.stream.Conn().Send(message); err != nil {
		return whyUnsent(time.Since(began), err)
	}
	w.sent = time.Now()
	return nil
}
