package predictor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// overdue is a context whose deadline has passed and whose timer has not fired.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Nanosecond), true }

func TestADeadlineThatTheHostNoticesFirstIsTheCallers(t *testing.T) {
	if err := public(overdue{t.Context()}, errors.New("deadline_exceeded")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want context.DeadlineExceeded", err)
	}
}

func TestTheLessBusyHostIsAskedMoreOften(t *testing.T) {
	busy, idle, unready := &backend{health: newHealth()}, &backend{health: newHealth()}, &backend{health: newHealth()}
	busy.health.ready.Store(true)
	idle.health.ready.Store(true)
	busy.inFlight.Store(3)
	p := &Pool{backends: newRoster(busy, idle, unready)}
	picked := map[*backend]int{}
	for range 1000 {
		picked[p.pick(nil)]++
	}
	// Two draws that may be the same: a quarter goes to the busy one.
	if picked[unready] != 0 || picked[busy] == 0 || picked[busy] > 400 {
		t.Errorf("busy %d, idle %d, unready %d of 1000", picked[busy], picked[idle], picked[unready])
	}
	if p.pick(idle) != busy || (&Pool{backends: newRoster(idle)}).pick(idle) != nil {
		t.Error("after a failure it is not the other host, or there is one though it is the only one")
	}
}

func TestCallsThatEndAreInFlightNoMore(t *testing.T) {
	for name, model := range map[string]fraud.Model{
		"batch": {Batches: true, Explains: true, Facts: []string{"amount"}},
		"unary": {Explains: true, Facts: []string{"amount"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := newBackend("unix:/nowhere/socket", Options{}.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			b.model.Store(&model)
			if _, err := b.predict(t.Context(), []fraud.Recorded{probeRow}); err == nil {
				t.Error("predicted")
			}
			if _, err := b.explain(t.Context(), []fraud.Recorded{probeRow}); err == nil {
				t.Error("explained")
			}
			if n := b.inFlight.Load(); n != 0 || len(b.unary) != 0 {
				t.Errorf("%d in flight, %d tokens taken", n, len(b.unary))
			}
		})
	}
}
