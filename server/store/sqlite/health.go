package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// checkPatience is how long a check may take: who asks does so every second
	// or few, and a disk that hangs is not to hold up the answer.
	checkPatience = time.Second
	// tellEvery is how often the log is told at most. A disk that is nearly full
	// takes small calls and refuses large ones, by turns.
	tellEvery = time.Minute
)

// health is whether the file could last be read and written.
type health struct {
	fault    atomic.Pointer[fault] // nil: it could
	failures atomic.Uint64         // calls that failed by one

	checking chan struct{} // a token, held by the one check that tries

	mu     sync.Mutex
	toldAt time.Time // when the log was told of a fault last
	told   bool      // that it was told of the one at hand
}

// failed notes that a call failed, if that was by a fault.
func (h *health) failed(err error) {
	found := faultOf(err)
	if found == nil || h.fault.Swap(found) == found {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told || time.Since(h.toldAt) < tellEvery {
		return
	}
	h.told, h.toldAt = true, time.Now()
	slog.Error("the store fails: "+found.words, "what_helps", found.help, "error", err)
}

// wrote notes that something was written durably.
func (h *health) wrote() {
	if h.fault.Load() == nil || h.fault.Swap(nil) == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told {
		slog.Info("the store can be written again")
	}
	h.told = false
}

// Check implements fraud.Health.
func (s *Store) Check(ctx context.Context) error {
	seen := s.health.fault.Load()
	if seen == nil {
		return nil
	}
	err := s.tryToWrite(ctx)
	if err == nil {
		return nil
	}
	if now := faultOf(err); now != nil {
		seen = now
	}
	return &fraud.Error{Reason: fraud.ReasonStoreUnavailable, Message: "the record cannot be written: " + seen.words, Cause: err}
}

// tryToWrite writes something durably, unless that has been done. One tries at a
// time, and those behind it are answered in time, too: what hangs in the system
// cannot be interrupted.
func (s *Store) tryToWrite(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	select {
	case s.health.checking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	tried := make(chan error, 1)
	go func() {
		defer func() { <-s.health.checking }()
		if s.health.fault.Load() == nil {
			tried <- nil
			return
		}
		tried <- s.update(ctx, "see whether the store can be written", rewriteHeader)
	}()
	select {
	case err := <-tried:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rewriteHeader writes a page that says what it said before: the user version is
// anybody's, and SQLite writes it without a look at what it was.
func rewriteHeader(c *engine.Conn) error {
	var version int64
	if err := each(c, "PRAGMA user_version", nil, func(r *row) { version = r.int() }); err != nil {
		return err
	}
	return run(c, fmt.Sprintf("PRAGMA user_version = %d", version))
}
