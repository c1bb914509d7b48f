package rpc

import (
	"sync/atomic"
	"time"
)

// throttle lets one event a second through, and counts the others: a line for
// each of ten thousand refusals a second would cost as much as answering.
type throttle struct {
	last    atomic.Pointer[time.Time] // with its monotonic reading: clocks are set back
	skipped atomic.Int64
}

// pass tells whether to speak now, and how many events were passed over before.
func (t *throttle) pass(now time.Time) (skipped int64, ok bool) {
	last := t.last.Load()
	if last != nil && now.Sub(*last) < time.Second || !t.last.CompareAndSwap(last, &now) {
		t.skipped.Add(1)
		return 0, false
	}
	return t.skipped.Swap(0), true
}
