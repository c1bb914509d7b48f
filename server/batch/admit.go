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
	wait := b.expectedWait()
	if len(b.queue)+len(c.items) > b.opts.QueueItems {
		return &FullError{RetryAfter: max(wait, time.Millisecond)}
	}
	// Who must wait has to wait for the answer's making, too.
	if deadline, ok := c.ctx.Deadline(); ok && wait > 0 && wait+b.duration > time.Until(deadline) {
		return &FullError{RetryAfter: wait}
	}
	return nil
}

// expectedWait estimates how long an item handed in now waits for a slot: the
// batches ahead of it, shared among the slots. Holds b.mu. It is 0 while a batch
// can leave, so that one slow spell cannot shut callers out for good.
func (b *Batcher[In, Out]) expectedWait() time.Duration {
	ahead, slots := len(b.queue)/b.opts.MaxItems, b.opts.slots()
	if b.running >= slots {
		ahead++
	}
	return b.duration * time.Duration(ahead) / time.Duration(slots)
}
