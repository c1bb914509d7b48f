package assess

import (
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// stopwatch times the stages of one batch.
type stopwatch struct {
	meter fraud.Meter
	last  time.Time
}

// queued tells how long each ask has waited for the batch to leave.
func (w *stopwatch) queued(asks []Ask) {
	for i := range asks {
		w.meter.Time(fraud.StageQueue, w.last.Sub(asks[i].since))
	}
}

// lap ends a stage.
func (w *stopwatch) lap(stage fraud.Stage) {
	now := time.Now()
	w.meter.Time(stage, now.Sub(w.last))
	w.last = now
}
