package access

import (
	"fmt"
	"maps"
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
	keys map[string]*use // by key ID
	most int             // how many of them there may be until the idle ones are forgotten
}

// use is what a key has under way.
type use struct {
	calls, streams int
	items          *rate.Limiter
	spent          int64 // items, ever

	told   fraud.Use            // what other gateways know of it
	others map[string]elsewhere // what the key has of them
}

// NewLimiter makes a Limiter by limits that are valid.
func NewLimiter(limits Limits) *Limiter {
	return &Limiter{limits: limits, keys: map[string]*use{}}
}

// Set holds keys to other limits from now on. What is under way counts on.
func (l *Limiter) Set(limits Limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits = limits
	for _, u := range l.keys {
		u.bound(limits)
	}
}

// again is when a repeat has a chance where nobody knows how long calls under way
// take.
const again = 100 * time.Millisecond

// Call lets a key begin a call about so many items. The caller ends it.
func (l *Limiter) Call(key string, items int) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.use(key)
	if elsewhere, _ := u.underWayElsewhere(); l.limits.Calls > 0 && u.calls+elsewhere >= l.limits.Calls {
		return nil, limited(again, "this key may have %d calls under way at once", l.limits.Calls)
	}
	if wait := u.spend(items); wait > 0 {
		return nil, limited(wait, "this key may ask about %g items a second", l.limits.ItemsPerSecond)
	}
	u.spent += int64(items)
	return l.begin(&u.calls), nil
}

// Stream lets a key begin a stream. The caller ends it.
func (l *Limiter) Stream(key string) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.use(key)
	if _, elsewhere := u.underWayElsewhere(); l.limits.Streams > 0 && u.streams+elsewhere >= l.limits.Streams {
		return nil, limited(time.Second, "this key may have %d streams at once", l.limits.Streams)
	}
	return l.begin(&u.streams), nil
}

// use is what a key has under way. Holds l.mu.
func (l *Limiter) use(key string) *use {
	u := l.keys[key]
	if u == nil {
		l.forgetIdle()
		u = &use{}
		u.bound(l.limits)
		l.keys[key] = u
	}
	return u
}

// bound holds the key to so many items a second. Who has spent them keeps waiting.
func (u *use) bound(limits Limits) {
	switch {
	case limits.ItemsPerSecond <= 0:
		u.items = nil
	case u.items == nil:
		u.items = rate.NewLimiter(rate.Limit(limits.ItemsPerSecond), limits.burst())
	default:
		u.items.SetLimit(rate.Limit(limits.ItemsPerSecond))
		u.items.SetBurst(limits.burst())
	}
}

// fewKeys are not worth forgetting.
const fewKeys = 1000

// forgetIdle forgets keys that are as if they had never called, now and then, so that
// it costs each new one next to nothing. Holds l.mu.
func (l *Limiter) forgetIdle() {
	if len(l.keys) < max(l.most, fewKeys) {
		return
	}
	now := time.Now()
	maps.DeleteFunc(l.keys, func(_ string, u *use) bool {
		return u.calls == 0 && u.streams == 0 && (u.items == nil || u.items.TokensAt(now) >= float64(u.items.Burst()))
	})
	l.most = 2 * len(l.keys)
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
