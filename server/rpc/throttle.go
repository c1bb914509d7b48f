package rpc

import (
	"sync/atomic"
	"time"
)

// throttle lets one event a second through, and counts the others: a line for
// each of ten thousand refusals a second would cost as much as answering.
type throttle struct {
	until   atomic.Int64 // in nanoseconds since 1970
	skipped atomic.Int64
}

// pass tells whether to speak now, and how many events were passed over before.
func (t *throttle) pass(now time.Time) (skipped int64, ok bool) {
	until := t.until.Load()
	if now.UnixNano() < until || !t.until.CompareAndSwap(until, now.Add(time.Second).UnixNano()) {
		t.skipped.Add(1)
		return 0, false
	}
	return t.skipped.Swap(0), true
}
