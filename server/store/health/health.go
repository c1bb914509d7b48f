// Package health keeps what is known of whatever a store stands on: whether it
// could last be read and written.
package health

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// CheckPatience is how long a check may take: who asks does so every second
	// or few, and a disk that hangs is not to hold up the answer.
	CheckPatience = time.Second
	// TellEvery is how often the log is told at most. A disk that is nearly full
	// takes small calls and refuses large ones, by turns.
	TellEvery = time.Minute
)

// Fault is what keeps a store from being read or written: a disk, another
// process, damage. What is wrong with a statement or a row is none.
type Fault struct {
	Words string // what is wrong with the record, for anybody
	Help  string // what an operator does about it
}

// NewFault is a fault, with what an operator does about it.
func NewFault(words, help string) *Fault { return &Fault{words, help} }

// Health is whether a store could last be read and written.
type Health struct {
	of       func(err error) *Fault
	write    func(ctx context.Context) error
	fault    atomic.Pointer[Fault] // nil: it could
	failures atomic.Uint64         // calls that failed by one

	checking chan struct{} // a token, held by the one check that tries

	mu     sync.Mutex
	toldAt time.Time // when the log was told of a fault last
	told   bool      // that it was told of the one at hand
}

// New is the health of a store that is well. of finds the fault that an error comes
// of, or nil; write writes something durably, and tells of that by Wrote.
func New(of func(err error) *Fault, write func(ctx context.Context) error) *Health {
	return &Health{of: of, write: write, checking: make(chan struct{}, 1)}
}

// Fault is what the store suffers from, or nil.
func (h *Health) Fault() *Fault { return h.fault.Load() }

// Failures is how many calls have failed by a fault.
func (h *Health) Failures() uint64 { return h.failures.Load() }

// FailedCall notes that a call failed, and returns its error as callers are to
// have it.
func (h *Health) FailedCall(err error) error {
	h.Failed(err)
	if h.of(err) == nil {
		return err
	}
	h.failures.Add(1)
	return fraud.StoreUnavailable(err)
}

// Failed notes that something failed, if that was by a fault.
func (h *Health) Failed(err error) {
	found := h.of(err)
	if found == nil || h.fault.Swap(found) == found {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told || time.Since(h.toldAt) < TellEvery {
		return
	}
	h.told, h.toldAt = true, time.Now()
	slog.Error("the store fails: "+found.Words, "what_helps", found.Help, "error", err)
}

// Wrote notes that something was written durably.
func (h *Health) Wrote() {
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

// Check is that of fraud.Health.
func (h *Health) Check(ctx context.Context) error {
	seen := h.fault.Load()
	if seen == nil {
		return nil
	}
	err := h.tryToWrite(ctx)
	if err == nil {
		return nil
	}
	if now := h.of(err); now != nil {
		seen = now
	}
	return &fraud.Error{Reason: fraud.ReasonStoreUnavailable, Message: "the record cannot be written: " + seen.Words, Cause: err}
}

// tryToWrite writes something durably, unless that has been done. One tries at a
// time, and those behind it are answered in time, too: what hangs in the system
// cannot be interrupted.
func (h *Health) tryToWrite(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, CheckPatience)
	defer cancel()
	select {
	case h.checking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	tried := make(chan error, 1)
	go func() {
		defer func() { <-h.checking }()
		if h.fault.Load() == nil {
			tried <- nil
			return
		}
		tried <- h.write(ctx)
	}()
	select {
	case err := <-tried:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Helped adds to an error at opening what helps.
func (f *Fault) Helped(err error) error {
	if f == nil {
		return err
	}
	return fmt.Errorf("%w (%s: %s)", err, f.Words, f.Help)
}
