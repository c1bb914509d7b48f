package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// refreshEvery bounds how long a revoked key still opens: well under the
	// second that is promised.
	refreshEvery = 300 * time.Millisecond
	// unknownEvery is the least time between refreshes for keys not seen yet, so
	// that guesses cannot load the store.
	unknownEvery = 50 * time.Millisecond
	// staleAfter is when keys read long ago no longer open anything: the store
	// cannot be asked whether they are revoked.
	staleAfter = 10 * time.Second
	// touchEvery is how often last uses are written down.
	touchEvery = 5 * time.Second
)

// Keyring knows the keys in the store. It holds them in memory, so that a call
// costs no look-up, and reads them again a few times a second.
type Keyring struct {
	store    fraud.Keys
	log      *slog.Logger
	snapshot atomic.Pointer[snapshot]
	reading  chan struct{} // a token: one refresh at a time

	usedMu sync.Mutex
	used   map[string]time.Time

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

type snapshot struct {
	keys map[string]fraud.Key
	at   time.Time
}

// OpenKeyring reads the keys and keeps reading them until Close.
func OpenKeyring(ctx context.Context, store fraud.Keys, log *slog.Logger) (*Keyring, error) {
	k := &Keyring{store: store, log: log, reading: make(chan struct{}, 1), used: map[string]time.Time{}}
	if err := k.refresh(ctx); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.Background())
	k.stop = stop
	k.stopped.Go(func() { every(background, refreshEvery, k.refreshOrLog) })
	k.stopped.Go(func() { every(background, touchEvery, k.writeLastUses) })
	return k, nil
}

// Close stops reading and writes the last uses down.
func (k *Keyring) Close() {
	k.stop()
	k.stopped.Wait()
	k.writeLastUses(context.Background())
}

// Authenticate finds the caller behind the value of an Authorization header.
func (k *Keyring) Authenticate(ctx context.Context, header string) (Caller, error) {
	id, hash, err := parseAuthorization(header)
	if err != nil {
		return Caller{}, unauthenticated(err.Error())
	}
	key, found, err := k.find(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	// Compared even when there is no such key: the time taken tells nothing.
	same := subtle.ConstantTimeCompare(hash[:], key.Hash[:]) == 1
	now := time.Now()
	switch {
	case !found || !same:
		return Caller{}, unauthenticated("this key is not known")
	case !key.RevokedAt.IsZero():
		return Caller{}, unauthenticated("this key has been revoked")
	case !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt):
		return Caller{}, unauthenticated("this key has expired")
	}
	k.touch(id, now)
	return Caller{KeyID: id, Name: key.Name, Role: key.Role}, nil
}

func unauthenticated(message string) error {
	return &fraud.Error{Reason: fraud.ReasonUnauthenticated, Message: message}
}

// find looks the key up in memory, and in the store if it may be new.
func (k *Keyring) find(ctx context.Context, id string) (fraud.Key, bool, error) {
	asked := time.Now()
	seen := k.snapshot.Load()
	if asked.Sub(seen.at) > staleAfter {
		return fraud.Key{}, false, fmt.Errorf("access: keys were last read %s ago", asked.Sub(seen.at))
	}
	if key, ok := seen.keys[id]; ok {
		return key, true, nil
	}
	select {
	case k.reading <- struct{}{}:
		defer func() { <-k.reading }()
	case <-ctx.Done():
		return fraud.Key{}, false, ctx.Err()
	}
	if seen = k.snapshot.Load(); !seen.at.After(asked) {
		if err := pause(ctx, unknownEvery-time.Since(seen.at)); err != nil {
			return fraud.Key{}, false, err
		}
		if err := k.refresh(ctx); err != nil {
			return fraud.Key{}, false, err
		}
		seen = k.snapshot.Load()
	}
	key, ok := seen.keys[id]
	return key, ok, nil
}

// refresh reads the keys again. Holds the token.
func (k *Keyring) refresh(ctx context.Context) error {
	at := time.Now()
	list, err := k.store.ListKeys(ctx)
	if err != nil {
		return fmt.Errorf("access: read keys: %w", err)
	}
	keys := make(map[string]fraud.Key, len(list))
	for _, key := range list {
		keys[key.ID] = key
	}
	k.snapshot.Store(&snapshot{keys: keys, at: at})
	return nil
}

func (k *Keyring) refreshOrLog(ctx context.Context) {
	k.reading <- struct{}{}
	defer func() { <-k.reading }()
	if err := k.refresh(ctx); err != nil && ctx.Err() == nil {
		k.log.Error("keys cannot be read; a revocation may go unseen", "error", err)
	}
}

func (k *Keyring) touch(id string, now time.Time) {
	k.usedMu.Lock()
	k.used[id] = now
	k.usedMu.Unlock()
}

func (k *Keyring) writeLastUses(ctx context.Context) {
	k.usedMu.Lock()
	used := maps.Clone(k.used)
	clear(k.used)
	k.usedMu.Unlock()
	if len(used) == 0 {
		return
	}
	if err := k.store.TouchKeys(ctx, used); err != nil {
		k.log.Error("last uses of keys cannot be written", "error", err)
	}
}

// every calls do again and again until the context ends.
func every(ctx context.Context, wait time.Duration, do func(context.Context)) {
	for pause(ctx, wait) == nil {
		do(ctx)
	}
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
