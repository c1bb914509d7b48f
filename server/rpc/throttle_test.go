package rpc

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAThrottleSpeaksOnceASecondAndLosesNoCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var th throttle
		var told, spoken atomic.Int64
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				for range 300 { // three seconds
					if skipped, ok := th.pass(time.Now()); ok {
						told.Add(skipped + 1)
						spoken.Add(1)
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		callers.Wait()
		if n := spoken.Load(); n != 3 {
			t.Errorf("spoke %d times in three seconds", n)
		}
		time.Sleep(time.Second)
		if skipped, ok := th.pass(time.Now()); !ok || told.Load()+skipped != 3000 {
			t.Errorf("told of %d and then %d (%v), want 3000 in all", told.Load(), skipped, ok)
		}
	})
}
