package batch

import (
	"fmt"
	"slices"
	"time"
)

// FullError refuses items before they wait: the queue has no room, or the wait
// would be longer than the caller's deadline allows.
type FullError struct {
	RetryAfter time.Duration // when a repeat has a chance
}

func (e *FullError) Error() string {
	return fmt.Sprintf("batch: queue full, retry after %s", e.RetryAfter)
}

// admit refuses early what could not be answered in time. Holds b.mu.
func (b *Batcher[In, Out]) admit(c *call[In, Out]) error {
	if len(b.queue)+len(c.items) > b.opts.QueueItems {
		b.queue = slices.DeleteFunc(b.queue, waiting[In, Out].gone)
	}
	leaves, back := b.expect(len(c.items))
	if len(b.queue)+len(c.items) > b.opts.QueueItems {
		return &FullError{RetryAfter: max(leaves, time.Millisecond)}
	}
	// Who need not wait is let in whatever the estimate, so that one slow spell
	// cannot shut callers out for good.
	if deadline, ok := c.ctx.Deadline(); ok && leaves > 0 && back > time.Until(deadline) {
		return &FullError{RetryAfter: leaves}
	}
	return nil
}

// expect estimates when a call of so many items, handed in now, leaves, and when
// it is answered: the batches ahead of it share the slots. Holds b.mu.
func (b *Batcher[In, Out]) expect(items int) (leaves, back time.Duration) {
	slots := time.Duration(b.opts.slots())
	full, rest := (len(b.queue)+items)/b.opts.MaxItems, (len(b.queue)+items)%b.opts.MaxItems
	if rest == 0 {
		full, rest = full-1, b.opts.MaxItems
	}
	leaves = time.Duration(full) * b.cost.of(b.opts.MaxItems) / slots
	if len(b.running) >= int(slots) {
		leaves += max(b.soonest(), time.Microsecond)
	}
	return leaves, leaves + b.cost.of(rest) + b.lag
}
