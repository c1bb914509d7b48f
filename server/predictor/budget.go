package predictor

import (
	"sync"

	"golang.org/x/time/rate"
)

const (
	// retryShare is how large a part of calls may be made again elsewhere.
	retryShare = .2
	// retrySavings bounds what quiet times leave for bad ones.
	retrySavings = 50
	// retriesPerSecond may always be made, however few the calls.
	retriesPerSecond = 5
)

// budget bounds retries to a part of all calls, so that an outage does not double
// what the hosts that are left have to do. failsafe-go's counts calls under way; of
// batches only one or two a host are, so that its floor would be all there is.
type budget struct {
	mu    sync.Mutex
	saved float64
	floor *rate.Limiter
}

func newBudget() *budget {
	return &budget{saved: retrySavings, floor: rate.NewLimiter(retriesPerSecond, retriesPerSecond)}
}

// earn notes a call that is made for the first time.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saved = min(b.saved+retryShare, retrySavings)
}

// spend reports whether a call may be made again.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.saved < 1 {
		return b.floor.Allow()
	}
	b.saved--
	return true
}
