package access

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
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
	// patience is for one reading of the keys: there are to be several before they are
	// stale, should a connection to the store be gone without a word.
	patience = 2 * time.Second
	// touchEvery is how often last uses are written down.
	touchEvery = 5 * time.Second
)

// snapshot is what the store held at a time.
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

// refresh reads the keys again. Holds the token.
func (k *Keyring) refresh(ctx context.Context) error {
	at := time.Now()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
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
