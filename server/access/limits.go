package access

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Limits bound what each key may ask. A field of 0 bounds nothing.
type Limits struct {
	Calls          int     // under way at once, streams apart
	Streams        int     // under way at once
	ItemsPerSecond float64 // transactions, outcomes and whatever else calls are about
	// Burst is how many items may come at once after a pause; at least as many as
	// one call may bring. 0: those of a second, and at least MaxItems.
	Burst int
}

// MaxItems is how many items one call may bring.
const MaxItems = 1000

// Validate names a limit that cannot be kept.
func (l Limits) Validate() error {
	switch {
	case l.Calls < 0 || l.Streams < 0 || l.Burst < 0 || !(l.ItemsPerSecond >= 0):
		return fmt.Errorf("limits of keys must be at least 0")
	case l.Burst > 0 && l.Burst < MaxItems:
		return fmt.Errorf("a burst must be at least the %d items that one call may bring, not %d", MaxItems, l.Burst)
	}
	return nil
}

func (l Limits) burst() int {
	if l.Burst > 0 {
		return l.Burst
	}
	return max(MaxItems, int(l.ItemsPerSecond))
}

// Limiter holds keys to their limits.
type Limiter struct {
	limits Limits

	mu   sync.Mutex
	keys map[string]*use // by key ID; as many as keys have called
}

// use is what a key has under way.
type use struct {
	calls, streams int
	items          *rate.Limiter
}

// NewLimiter makes a Limiter by limits that are valid.
func NewLimiter(limits Limits) *Limiter {
	return &Limiter{limits: limits, keys: map[string]*use{}}
}

// again is when a repeat has a chance where nobody knows how long calls under way
// take.
const again = 100 * time.Millisecond

// Call lets a key begin a call about so many items. The caller ends it.
func (l *Limiter) Call(key string, items int) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.use(key)
	if l.limits.Calls > 0 && u.calls >= l.limits.Calls {
		return nil, limited(again, "this key may have %d calls under way at once", l.limits.Calls)
	}
	if wait := u.spend(items); wait > 0 {
		return nil, limited(wait, "this key may ask about %g items a second", l.limits.ItemsPerSecond)
	}
	return l.begin(&u.calls), nil
}

// Stream lets a key begin a stream. The caller ends it.
func (l *Limiter) Stream(key string) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.use(key)
	if l.limits.Streams > 0 && u.streams >= l.limits.Streams {
		return nil, limited(time.Second, "this key may have %d streams at once", l.limits.Streams)
	}
	return l.begin(&u.streams), nil
}

// use is what a key has under way. Holds l.mu.
func (l *Limiter) use(key string) *use {
	u := l.keys[key]
	if u == nil {
		u = &use{}
		if l.limits.ItemsPerSecond > 0 {
			u.items = rate.NewLimiter(rate.Limit(l.limits.ItemsPerSecond), l.limits.burst())
		}
		l.keys[key] = u
	}
	return u
}

// begin counts one more. Holds l.mu.
func (l *Limiter) begin(underWay *int) (end func()) {
	*underWay++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		*underWay--
	}
}

// spend takes items from what the key may ask about now, or tells when it may.
func (u *use) spend(items int) (wait time.Duration) {
	if u.items == nil {
		return 0
	}
	now := time.Now()
	asked := u.items.ReserveN(now, items)
	if wait = asked.DelayFrom(now); wait > 0 {
		asked.CancelAt(now)
	}
	return wait
}

func limited(wait time.Duration, format string, limit any) error {
	return &fraud.Error{Reason: fraud.ReasonRateLimited, Message: fmt.Sprintf(format, limit), RetryAfter: wait}
}
