package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts the calls that began in one stage of the drill.
type tally struct {
	began   time.Time
	allowed map[string]bool // reasons that errors may have
	untrue  atomic.Int64    // answers

	mu       sync.Mutex
	answers  int            // items answered
	asked    int            // calls ended that the model is needed for
	errors   map[string]int // by reason
	streak   int            // calls that needed the model and were answered, since the last error
	scored   time.Time      // the first answer that came from the model and not from the record
	failed   time.Time      // the last error
	refusal  time.Duration  // the slowest refusal by the service
	overtime time.Duration  // the most that a call has outlived its deadline
}

func newTally(allowed ...string) *tally {
	t := &tally{began: time.Now(), allowed: map[string]bool{}, errors: map[string]int{}}
	for _, reason := range allowed {
		t.allowed[reason] = true
	}
	return t
}

// answered counts a call's answers; scored says that the model made one just now.
func (t *tally) answered(items int, scored bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers += items
	if scored && t.scored.IsZero() {
		t.scored = time.Now()
	}
	if scored {
		t.asked++
		t.streak++
	}
}

// refused counts an error. took is 0 for that of one item among others.
func (t *tally) refused(reason string, took time.Duration, deadline time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors[reason]++
	t.asked++
	t.streak, t.failed = 0, time.Now()
	t.overtime = max(t.overtime, took-deadline)
	if isReason(reason) && !strings.HasPrefix(reason, "DEADLINE") {
		t.refusal = max(t.refusal, took)
	}
}

// isReason tells a reason of the service from what a client makes of a connection.
func isReason(text string) bool { return strings.ToUpper(text) == text }

func (t *tally) count() (asked, streak int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked, t.streak
}

// recovery is how long it took until the model's first answer, and until errors
// had ended, both since the stage began.
func (t *tally) recovery() (first, quiet time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.failed.IsZero() {
		quiet = t.failed.Sub(t.began)
	}
	return t.scored.Sub(t.began), quiet
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%d answers, errors: %s, streak %d", t.answers, told(t.errors), t.streak)
}

// told lists counts by name, the most frequent first.
func told(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}
