package batch

import (
	"fmt"
	"time"
)

// FullError refuses items before they wait: the queue has no room, or the wait
// would be too long.
type FullError struct {
	RetryAfter time.Duration // when a repeat has a chance
}

func (e *FullError) Error() string {
	return fmt.Sprintf("batch: queue full, retry after %s", e.RetryAfter)
}

// patience is how many times as long as its own batch takes a call may wait,
// where that is longer than MaxWait: with a slow model a wait counts for less.
const patience = 8

// admit refuses early what could not be answered in time, and what would have to
// wait so long that others had better wait elsewhere. Holds b.mu.
func (b *Batcher[In, Out]) admit(c *call[In, Out]) error {
	if b.queue.items+len(c.items) > b.opts.QueueItems {
		b.queue.sweep()
	}
	leaves, back := b.expect(b.queue.ahead(c.line(), len(c.items)), len(c.items))
	if !b.hasRoom(c) {
		return &FullError{RetryAfter: max(leaves, time.Millisecond)}
	}
	// Who need not wait is let in whatever the estimate, so that one slow spell
	// cannot shut callers out for good.
	if leaves == 0 {
		return nil
	}
	deadline, ok := c.ctx.Deadline()
	late := ok && back > time.Until(deadline)
	if tooLong := leaves+b.lag > max(b.opts.MaxWait, patience*b.cost.of(len(c.items))); tooLong || late {
		return &FullError{RetryAfter: leaves}
	}
	return nil
}

// hasRoom reports whether a call may wait. One whose line has less than its share
// of a full queue may, up to twice of what the queue should hold: who asks for
// little is not refused because others ask for much. Holds b.mu.
func (b *Batcher[In, Out]) hasRoom(c *call[In, Out]) bool {
	own, lines := b.queue.own(c.line())
	waiting := b.queue.items + len(c.items)
	return waiting <= b.opts.QueueItems ||
		waiting <= 2*b.opts.QueueItems && own+len(c.items) <= b.opts.QueueItems/lines
}

// expect estimates when a call of so many items with so many ahead, handed in
// now, leaves, and when it is answered: the batches ahead of it share the slots,
// and whatever else waits by then travels along. Holds b.mu.
func (b *Batcher[In, Out]) expect(ahead, items int) (leaves, back time.Duration) {
	slots := time.Duration(b.opts.slots())
	full := (ahead + items - 1) / b.opts.MaxItems
	along := min(b.queue.items+items-full*b.opts.MaxItems, b.opts.MaxItems)
	leaves = time.Duration(full) * b.cost.of(b.opts.MaxItems) / slots
	if len(b.running) >= int(slots) {
		leaves += max(b.soonest(), time.Microsecond)
	}
	return leaves, leaves + b.cost.of(along) + b.lag
}
