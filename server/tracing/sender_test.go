package tracing

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// exports is an exporter that does as it is told, in a time that is faked.
type exports struct {
	do    func(ctx context.Context) error
	taken int
	asked []time.Duration // since it was made
	began time.Time
}

func (e *exports) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	e.asked = append(e.asked, time.Since(e.began))
	if err := e.do(ctx); err != nil {
		return err
	}
	e.taken += len(spans)
	return nil
}

func (*exports) Shutdown(context.Context) error { return nil }

func hang(ctx context.Context) error {
	<-ctx.Done()
	return &laterError{ctx.Err()}
}

var one = tracetest.SpanStub{Name: "x"}.Snapshot()

// bubble runs a test in time that is faked; it ends only if nothing of the sender is left.
func bubble(t *testing.T, do func(ctx context.Context) error, test func(s *sender, e *exports, log *bytes.Buffer)) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := &exports{do: do, began: time.Now()}
		test(newSender(e, slog.New(slog.NewTextHandler(&log, nil))), e, &log)
	})
}

func stopWithin(t *testing.T, s *sender, patience, want time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	_ = s.Shutdown(ctx)
	if took := time.Since(began); took != want {
		t.Errorf("stopped after %s, want %s", took, want)
	}
}

func TestACollectorThatHangsHoldsNobodyUp(t *testing.T) {
	bubble(t, hang, func(s *sender, e *exports, log *bytes.Buffer) {
		began := time.Now()
		for range 3 * maxWaiting {
			s.OnEnd(one)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("ending spans took %s", took)
		}
		if n := s.dropped.Load(); n != 2*maxWaiting {
			t.Errorf("%d dropped, want %d", n, 2*maxWaiting)
		}
		time.Sleep(90 * time.Second) // faked
		stopWithin(t, s, 2*time.Second, 2*time.Second)
		if n := s.dropped.Load(); n != 3*maxWaiting || e.taken != 0 {
			t.Errorf("%d dropped and %d taken of %d", n, e.taken, 3*maxWaiting)
		}
		if lines := strings.Count(log.String(), "spans are not sent"); lines < 2 || lines > 4 {
			t.Errorf("%d lines in 90 s:\n%s", lines, log)
		}
	})
}

func TestACollectorThatComesBackMissesNothing(t *testing.T) {
	var up atomic.Bool
	bubble(t, func(context.Context) error {
		if !up.Load() {
			return &laterError{errors.New("down")}
		}
		return nil
	}, func(s *sender, e *exports, log *bytes.Buffer) {
		for range 2000 {
			s.OnEnd(one)
		}
		time.Sleep(10 * time.Second)
		up.Store(true)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if e.taken != 2000 || s.dropped.Load() != 0 {
			t.Errorf("%d taken, %d dropped", e.taken, s.dropped.Load())
		}
		if len(e.asked) > 12 {
			t.Errorf("asked %d times: %v", len(e.asked), e.asked)
		}
		stopWithin(t, s, 2*time.Second, 0)
		if !strings.Contains(log.String(), "spans are sent again") {
			t.Errorf("the log says\n%s", log)
		}
	})
}

func TestWhatACollectorRefusesIsNotRepeated(t *testing.T) {
	bubble(t, func(context.Context) error { return errors.New("the collector answered 400") }, func(s *sender, e *exports, _ *bytes.Buffer) {
		s.OnEnd(one)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(e.asked) != 1 || s.dropped.Load() != 1 {
			t.Errorf("asked %d times, %d dropped", len(e.asked), s.dropped.Load())
		}
		s.OnEnd(one)
		stopWithin(t, s, 2*time.Second, 0)
		if len(e.asked) != 2 {
			t.Error("what is left at the end is not sent")
		}
	})
}
