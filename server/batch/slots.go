package batch

import (
	"slices"
	"time"
)

// trip is a batch under way.
type trip struct {
	items  int
	left   time.Time
	passed bool // its slot is the next one's
}

// depart notes that a batch leaves. Holds b.mu.
func (b *Batcher[In, Out]) depart(items int) *trip {
	t := &trip{items: items, left: time.Now()}
	b.running = append(b.running, t)
	b.open++
	return t
}

// pass gives the slot of a batch under way to the next one.
func (b *Batcher[In, Out]) pass(t *trip) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.passed {
		return
	}
	t.passed = true
	b.end(t)
	if b.queue.items > 0 {
		go b.work()
	} else {
		b.taken--
	}
}

// arrive notes that a batch is answered, and learns how long one takes. One that
// was cut short, as none of its callers waits any more, would have taken longer:
// nobody knows how much, and twice is enough to let smaller ones through next.
func (b *Batcher[In, Out]) arrive(t *trip, cut bool) (now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now = time.Now()
	took := now.Sub(t.left)
	if cut {
		took *= 2
	}
	b.cost.learn(t.items, took)
	b.end(t)
	b.open--
	b.noteIdle()
	return now
}

// end notes that a batch holds its slot no more, or is about to run the next one
// in it. Holds b.mu.
func (b *Batcher[In, Out]) end(t *trip) {
	b.running = slices.DeleteFunc(b.running, func(other *trip) bool { return other == t })
}

// soonest estimates when the first of the running batches is back. Holds b.mu.
func (b *Batcher[In, Out]) soonest() time.Duration {
	var soonest time.Duration
	for i, t := range b.running {
		whole := b.cost.of(t.items)
		left := max(whole-time.Since(t.left), whole/2) // one that is late may be later yet
		if i == 0 || left < soonest {
			soonest = left
		}
	}
	return soonest
}

// picked learns how long an answer waits until its caller gets to run, which is
// long where there is more to do than the processors can.
func (b *Batcher[In, Out]) picked(answered time.Time) {
	lag := time.Since(answered)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lag += (lag - b.lag) / 64
}

// noteIdle tells Close that nothing is left to do. Holds b.mu.
func (b *Batcher[In, Out]) noteIdle() {
	if b.closed && b.taken == 0 && b.open == 0 {
		close(b.idle)
	}
}
