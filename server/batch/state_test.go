package batch_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

func TestTheStateTellsWhatWaitsAndWhichSlotsAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1}, r.run)
		see := func(when string, want batch.State) {
			t.Helper()
			synctest.Wait()
			if got := b.State(); got != want {
				t.Errorf("%s: %+v, want %+v", when, got, want)
			}
		}
		see("before", batch.State{Slots: 1})
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 1) })
		see("one under way", batch.State{Slots: 1, Taken: 1})
		callers.Go(func() { hand(t, b, 2, 3) })
		see("two behind it", batch.State{Slots: 1, Taken: 1, Waiting: 2})
		callers.Wait()
		see("after", batch.State{Slots: 1})
	})
}
