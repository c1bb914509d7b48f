package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
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
	return k.open(key, found, hash)
}

// known is the caller of a key that is good by what is in memory.
func (k *Keyring) known(header string) (Caller, bool) {
	id, hash, err := parseAuthorization(header)
	seen := k.snapshot.Load()
	if err != nil || time.Since(seen.at) > staleAfter {
		return Caller{}, false
	}
	key, found := seen.keys[id]
	caller, err := k.open(key, found, hash)
	return caller, err == nil
}

// open lets in who has the key's secret.
func (k *Keyring) open(key fraud.Key, found bool, hash [sha256.Size]byte) (Caller, error) {
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
	k.touch(key.ID, now)
	return Caller{KeyID: key.ID, Name: key.Name, Role: key.Role}, nil
}

func unauthenticated(message string) error {
	return &fraud.Error{Reason: fraud.ReasonUnauthenticated, Message: message}
}

// find looks the key up in memory, and in the store if it may be new.
func (k *Keyring) find(ctx context.Context, id string) (fraud.Key, bool, error) {
	asked := time.Now()
	seen := k.snapshot.Load()
	if asked.Sub(seen.at) > staleAfter {
		return fraud.Key{}, false, fraud.StoreUnavailable(fmt.Errorf("access: keys were last read %s ago", asked.Sub(seen.at)))
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
