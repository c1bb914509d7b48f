package tracing

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

const (
	maxWaiting  = 8192 // spans that wait to be sent; about 8 MiB
	maxSent     = 512  // spans in one request
	sendEvery   = time.Second
	sendTimeout = 5 * time.Second
	firstPause  = time.Second // after a collector has not taken spans
	longestWait = 30 * time.Second
	sayEvery    = 30 * time.Second
)

// sender is a span processor that sends in the background, and drops what it has no
// room for. OpenTelemetry's own one does not tell how many it drops.
type sender struct {
	exporter sdk.SpanExporter
	log      *slog.Logger
	waiting  chan sdk.ReadOnlySpan
	flush    chan chan struct{}
	dropped  atomic.Uint64

	life    context.Context // ends when what is left is to be given up
	giveUp  context.CancelFunc
	closing chan struct{}
	closed  chan struct{}
	stopped atomic.Bool

	saidAt time.Time // when it was last told that spans are not taken; zero: they are
}

var _ sdk.SpanProcessor = (*sender)(nil)

func newSender(exporter sdk.SpanExporter, log *slog.Logger) *sender {
	s := &sender{exporter: exporter, log: log, waiting: make(chan sdk.ReadOnlySpan, maxWaiting),
		flush: make(chan chan struct{}), closing: make(chan struct{}), closed: make(chan struct{})}
	s.life, s.giveUp = context.WithCancel(context.Background())
	go s.run()
	return s
}

// OnStart implements sdk.SpanProcessor.
func (s *sender) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd implements sdk.SpanProcessor. It never waits.
func (s *sender) OnEnd(ended sdk.ReadOnlySpan) {
	select {
	case s.waiting <- ended:
	default:
		s.dropped.Add(1)
	}
}

// ForceFlush implements sdk.SpanProcessor.
func (s *sender) ForceFlush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case s.flush <- done:
	case <-s.closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Shutdown implements sdk.SpanProcessor: it sends what is left, each once, until the
// context ends.
func (s *sender) Shutdown(ctx context.Context) error {
	if s.stopped.Swap(true) {
		return nil
	}
	close(s.closing)
	select {
	case <-s.closed:
	case <-ctx.Done():
		s.giveUp()
		<-s.closed
	}
	s.giveUp()
	return s.exporter.Shutdown(ctx)
}

func (s *sender) run() {
	defer close(s.closed)
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.closing:
			s.sendAll()
			return
		case done := <-s.flush:
			s.sendAll()
			close(done)
		case <-tick.C:
			s.sendAll()
		}
	}
}

// sendAll sends all that waits by now.
func (s *sender) sendAll() {
	for left := len(s.waiting); left > 0; {
		batch := make([]sdk.ReadOnlySpan, min(left, maxSent))
		for i := range batch {
			batch[i] = <-s.waiting
		}
		left -= len(batch)
		s.send(batch)
	}
}

// send sends spans, again and again if the collector may take them later: meanwhile
// others wait, and what there is no room for is dropped.
func (s *sender) send(batch []sdk.ReadOnlySpan) {
	for pause := firstPause; ; pause = min(2*pause, longestWait) {
		ctx, cancel := context.WithTimeout(s.life, sendTimeout)
		err := s.exporter.ExportSpans(ctx, batch)
		cancel()
		s.say(err)
		if err == nil {
			return
		}
		var later *laterError
		if !errors.As(err, &later) || !s.rest(pause) {
			s.dropped.Add(uint64(len(batch)))
			return
		}
	}
}

// rest waits before spans are sent again, and reports whether there is time for it.
func (s *sender) rest(pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return true
	case <-s.closing:
		return false
	}
}

// say tells the log of a collector that takes no spans, now and then, and once it does.
func (s *sender) say(err error) {
	switch now := time.Now(); {
	case err == nil && !s.saidAt.IsZero():
		s.log.Info("spans are sent again", "dropped_so_far", s.dropped.Load())
		s.saidAt = time.Time{}
	case err != nil && now.Sub(s.saidAt) >= sayEvery:
		s.log.Warn("spans are not sent; calls are answered as ever", "error", err, "dropped_so_far", s.dropped.Load())
		s.saidAt = now
	}
}
