package predictor

import (
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

const (
	// maxFaults is how many calls in a row may fail for a host's sake before it is
	// left alone.
	maxFaults = 5
	// trialEvery is how long a host that answers probes and fails calls is left
	// alone. A probe is its trial, and no caller's call.
	trialEvery = 500 * time.Millisecond
)

// health is what is known of a host: by probes, and by how callers' calls went.
type health struct {
	ready   atomic.Bool // the last probe brought a real score
	silent  atomic.Bool // the last probe ran out of time: it may be slow, or hang
	breaker circuitbreaker.CircuitBreaker[any]
	// answered and failed count callers' calls, less those whose callers have gone.
	answered, failed atomic.Uint64
	opened           chan struct{} // has one when the breaker has opened
}

func newHealth() *health {
	h := &health{opened: make(chan struct{}, 1)}
	h.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(maxFaults).WithDelay(trialEvery).WithSuccessThreshold(1).
		OnOpen(func(circuitbreaker.StateChangedEvent) {
			select {
			case h.opened <- struct{}{}:
			default:
			}
		}).Build()
	return h
}

// usable reports whether callers' calls go there.
func (h *health) usable() bool { return h.ready.Load() && h.breaker.IsClosed() }

// perhaps reports whether calls go there for want of a better host: it may just be
// slow, and callers' deadlines bound that.
func (h *health) perhaps() bool { return h.silent.Load() && h.breaker.IsClosed() }

// called notes how a caller's call went. What may be for the sake of a row is noted
// once that is known, as blame.
func (h *health) called(why fault) {
	switch why {
	case none:
		h.answered.Add(1)
		h.breaker.RecordSuccess()
	case theCallers:
	case broken, unable:
		h.failed.Add(1)
		h.blame()
	default:
		h.failed.Add(1)
	}
}

// blame notes that the host failed a call for its own sake.
func (h *health) blame() { h.breaker.RecordFailure() }

// nextTrial is how long it takes until the host is asked how it is.
func (h *health) nextTrial() time.Duration { return h.breaker.RemainingDelay() + eager }

// probed notes what a probe found. A host that was not ready begins anew; one that
// answers probes and fails calls stays alone for a while.
func (h *health) probed(err error, silent bool) {
	h.silent.Store(silent)
	was := h.ready.Swap(err == nil)
	switch {
	case h.breaker.IsClosed():
	case err == nil && !was:
		h.breaker.Close()
	case !h.breaker.TryAcquirePermit():
	case err == nil:
		h.breaker.RecordSuccess()
	default:
		h.breaker.RecordFailure()
	}
}
