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

// arrive notes that a batch has ended, well or not, and learns how long one takes.
// One that was cut short, as none of its callers waits any more, would have taken
// longer: nobody knows how much, and twice is enough to let smaller ones through next.
// One that failed and had left before others went on teaches nothing any more.
func (b *Batcher[In, Out]) arrive(t *trip, well, cut bool) (now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now = time.Now()
	took := now.Sub(t.left)
	if cut {
		took *= 2
	}
	if well || t.left.After(b.mended) {
		b.cost.learn(t.items, took)
	}
	if well {
		b.goesOn(t.items, took, now)
	}
	b.end(t)
	b.open--
	b.noteIdle()
	return now
}

// muchQuicker is how many times as quick as estimated a batch is that shows that those
// before it hung.
const muchQuicker = 4

// goesOn forgets batches that failed once one ends well that is much quicker than they
// have estimates be: what they hung on goes on. Else callers would be refused for their
// sake until enough others outweigh them, of which few are let in. A slow model is not
// mistaken for that: batches too large for it leave the estimate of small ones as it is.
// Holds b.mu.
func (b *Batcher[In, Out]) goesOn(items int, took time.Duration, now time.Time) {
	b.sound.learn(items, took)
	if muchQuicker*took < b.cost.of(items) {
		b.cost, b.mended = b.sound, now
	}
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
