package access

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// shareEvery bounds by how much keys can exceed their limits: what they spend
	// through other gateways is known so much later, and then counts.
	shareEvery = 200 * time.Millisecond
	// goneAfter is when what a gateway had under way no longer counts, as it is not
	// heard of.
	goneAfter = 2 * time.Second
)

// elsewhere is what a key has of another gateway.
type elsewhere struct {
	fraud.Use
	heardAt time.Time
}

// Share holds keys to their limits together with other gateways, until ctx ends.
// While they cannot be heard, each gateway holds them to the same limits by itself.
func (l *Limiter) Share(ctx context.Context, store fraud.Uses, log *slog.Logger) {
	exchange := l.newExchange(store)
	failed := false
	every(ctx, shareEvery, func(ctx context.Context) {
		err := exchange(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			log.Warn("limits of keys hold for this gateway alone, as others are not heard", "error", err)
		}
		failed = err != nil
	})
}

// newExchange tells others what was spent here, and spends what was spent there.
func (l *Limiter) newExchange(store fraud.Uses) func(ctx context.Context) error {
	gateway := rand.Text()
	return func(ctx context.Context) error {
		others, err := store.ShareUses(ctx, gateway, l.told(gateway))
		if err == nil {
			l.hear(others)
		}
		return err
	}
}

// told is what others are to know: of keys that spent something since they were
// told last, or have something under way, or had.
func (l *Limiter) told(gateway string) (mine []fraud.Use) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, u := range l.keys {
		now := fraud.Use{Gateway: gateway, Caller: key, Items: u.spent, Calls: u.calls, Streams: u.streams}
		if now != u.told || u.calls+u.streams > 0 {
			mine = append(mine, now)
			u.told = now
		}
	}
	return mine
}

// hear takes on what keys have of other gateways. What is first heard of one may have
// been spent long ago: it counts from then on.
func (l *Limiter) hear(others []fraud.Use) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, other := range others {
		u := l.use(other.Caller)
		before, heard := u.others[other.Gateway]
		if u.others == nil {
			u.others = map[string]elsewhere{}
		}
		u.others[other.Gateway] = elsewhere{other, now}
		if heard {
			u.owe(now, other.Items-before.Items)
		}
	}
}

// owe spends what was spent elsewhere, whether or not there is any left.
func (u *use) owe(now time.Time, items int64) {
	// Who has used up ten bursts waits as long as who has used up a hundred.
	for owed := min(items, 10*int64(u.burst())); owed > 0; owed -= int64(u.burst()) {
		u.items.ReserveN(now, int(min(owed, int64(u.burst()))))
	}
}

// burst is how many items may be spent at once; 0: their number is not bounded.
func (u *use) burst() int {
	if u.items == nil {
		return 0
	}
	return u.items.Burst()
}

// underWayElsewhere is what the key has under way at other gateways.
func (u *use) underWayElsewhere() (calls, streams int) {
	for _, other := range u.others {
		if time.Since(other.heardAt) <= goneAfter {
			calls, streams = calls+other.Calls, streams+other.Streams
		}
	}
	return calls, streams
}
