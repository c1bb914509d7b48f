package batch

import (
	"fmt"
	"time"
)

// Defaults of Options.
const (
	DefaultMaxItems   = 1024
	DefaultQueueItems = 16 * 1024
	DefaultInFlight   = 2
	DefaultMaxWait    = 50 * time.Millisecond
)

// Options bounds a Batcher. A zero field takes its default.
type Options struct {
	MaxItems   int // items in one batch
	QueueItems int // items that wait for a slot
	InFlight   int // slots: batches that run at once
	// Whole keeps calls of up to MaxItems in one batch, also where their share of it
	// is smaller, and refuses larger ones.
	Whole bool
	// MaxWait is how long a call may have to wait until it leaves: one that would
	// wait longer is refused, whatever its own patience. Where batches take long it
	// is a multiple of their time.
	MaxWait time.Duration
	// Slots, if there is one, tells how many slots there are now, at least 1,
	// instead of InFlight. It is asked often and must be quick.
	Slots func() int
}

// SetMaxWait changes how long calls may have to wait, from the next one on.
func (b *Batcher[In, Out]) SetMaxWait(wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opts.MaxWait = wait
}

func (o Options) slots() int {
	if o.Slots != nil {
		return max(1, o.Slots())
	}
	return o.InFlight
}

func (o Options) withDefaults() Options {
	if o.MaxItems == 0 {
		o.MaxItems = DefaultMaxItems
	}
	if o.QueueItems == 0 {
		o.QueueItems = DefaultQueueItems
	}
	if o.InFlight == 0 {
		o.InFlight = DefaultInFlight
	}
	if o.MaxWait == 0 {
		o.MaxWait = DefaultMaxWait
	}
	return o
}

func (o Options) validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{{"MaxItems", o.MaxItems}, {"QueueItems", o.QueueItems}, {"InFlight", o.InFlight}} {
		if f.value < 1 {
			return fmt.Errorf("batch: %s must be at least 1, not %d", f.name, f.value)
		}
	}
	if o.MaxWait < 0 {
		return fmt.Errorf("batch: MaxWait must be above 0, not %s", o.MaxWait)
	}
	return nil
}
