package assess

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// stopwatch times the stages of one batch.
type stopwatch struct {
	meter fraud.Meter
	last  time.Time
	span  fraud.TraceSpan // of the stage
}

// queued tells how long each ask has waited for the batch to leave.
func (w *stopwatch) queued(asks []Ask) {
	for i := range asks {
		w.meter.Time(fraud.StageQueue, w.last.Sub(asks[i].since))
	}
}

// enter begins a stage, in a context that holds its span.
func (w *stopwatch) enter(ctx context.Context, stage fraud.Stage) context.Context {
	ctx, w.span = fraud.SpanOf(ctx).Begin(ctx, stage.String())
	return ctx
}

// lap ends a stage.
func (w *stopwatch) lap(stage fraud.Stage) {
	now := time.Now()
	w.meter.Time(stage, now.Sub(w.last))
	w.last = now
	w.span.End("")
}

// answered tells how long each ask has waited for its answer, from when it began
// to wait.
func (w *stopwatch) answered(pace *pace, asks []Ask, answers []Answer) []Answer {
	var total time.Duration
	n := 0
	for i := range answers {
		if answers[i].Err == nil {
			total += w.last.Sub(asks[i].since)
			n++
		}
	}
	pace.add(w.last, n, total)
	return answers
}
