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

// patience is how many times as long as it takes alone a call may wait, where that
// is longer than MaxWait: with a slow model a wait counts for less.
const patience = 8

// Full tells why one more item of a flow would be refused now, whatever its
// caller's patience; nil if it would not. It spares the work for one that is to be
// refused.
func (b *Batcher[In, Out]) Full(flow string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.admit(lineOf{flow: flow}, 1, time.Time{})
}

// admit refuses early what could not be answered in time, and what would have to
// wait so long that others had better wait elsewhere. Holds b.mu.
func (b *Batcher[In, Out]) admit(line lineOf, items int, deadline time.Time) error {
	if b.queue.items+items > b.opts.QueueItems {
		b.queue.sweep()
	}
	leaves, back := b.expect(b.queue.ahead(line, items), items)
	if !b.hasRoom(line, items) {
		return &FullError{RetryAfter: max(leaves, time.Millisecond)}
	}
	// Who need not wait is let in whatever the estimate, so that one slow spell
	// cannot shut callers out for good.
	if leaves == 0 {
		return nil
	}
	late := !deadline.IsZero() && back > time.Until(deadline)
	tooLong := leaves > max(b.opts.MaxWait, patience*b.cost.alone(items))
	if late || tooLong && !b.leavesNext(line, items) {
		return &FullError{RetryAfter: leaves}
	}
	return nil
}

// leavesNext reports whether items would be their line's only ones and leave with
// the next batch: what makes them wait is under way, and was others' to ask. Holds
// b.mu.
func (b *Batcher[In, Out]) leavesNext(line lineOf, items int) bool {
	own, lines := b.queue.own(line)
	return own == 0 && items <= b.most(items)/lines
}

// hasRoom reports whether items may wait. Those of a line with less than its share
// of a full queue may, up to twice of what the queue should hold: who asks for
// little is not refused because others ask for much. Holds b.mu.
func (b *Batcher[In, Out]) hasRoom(line lineOf, items int) bool {
	own, lines := b.queue.own(line)
	waiting := b.queue.items + items
	return waiting <= b.opts.QueueItems ||
		waiting <= 2*b.opts.QueueItems && own+items <= b.opts.QueueItems/lines
}

// expect estimates when a call of so many items with so many ahead, handed in
// now, leaves, and when it is answered: the batches ahead of it share the slots,
// and whatever else waits by then travels along. Holds b.mu.
func (b *Batcher[In, Out]) expect(ahead, items int) (leaves, back time.Duration) {
	slots, most := time.Duration(b.opts.slots()), b.most(items)
	full := (ahead + items - 1) / most
	along := min(b.queue.items+items-full*most, most)
	leaves = time.Duration(full) * b.cost.of(most) / slots
	if len(b.running) >= int(slots) {
		leaves += max(b.soonest(), time.Microsecond)
	}
	return leaves, leaves + b.cost.of(along) + b.lag
}

// leastOfMany items a batch may hold where calls of many wait, however long they
// take: such a call is not spread over many batches, which different models may
// answer.
const leastOfMany = 256

// most is how many items a batch may hold now, with a call of so many: fewer than
// MaxItems where so many take so long that a single call that came behind them
// would wait too long. Holds b.mu.
func (b *Batcher[In, Out]) most(items int) int {
	if b.opts.Whole {
		return b.opts.MaxItems
	}
	longest := max(b.opts.MaxWait, patience*b.cost.alone(1))
	if items > 1 || b.queue.hasMany() {
		return b.cost.within(longest*3/4, leastOfMany, b.opts.MaxItems)
	}
	return b.cost.within(longest/2, smallBatch, b.cost.foreseeable(smallBatch, b.opts.MaxItems))
}
