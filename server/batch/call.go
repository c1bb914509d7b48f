package batch

import (
	"context"
	"sync/atomic"
)

// call is what one caller handed in.
type call[In, Out any] struct {
	ctx     context.Context
	items   []In
	results []Result[Out]
	left    atomic.Int64  // items without a result
	done    chan struct{} // closed when left reaches 0

	// Room for a single item, so that it costs no allocation of its own.
	item   [1]In
	result [1]Result[Out]
}

func newCall[In, Out any](ctx context.Context, items []In) *call[In, Out] {
	c := &call[In, Out]{ctx: ctx, items: items, results: make([]Result[Out], len(items)), done: make(chan struct{})}
	c.left.Store(int64(len(items)))
	return c
}

func newSingleCall[In, Out any](ctx context.Context, item In) *call[In, Out] {
	c := &call[In, Out]{ctx: ctx, item: [1]In{item}, done: make(chan struct{})}
	c.items, c.results = c.item[:], c.result[:]
	c.left.Store(1)
	return c
}

// deliver sets one result. The caller reads results only after done, so items
// that run in different batches need no lock.
func (c *call[In, Out]) deliver(index int, r Result[Out]) {
	c.results[index] = r
	if c.left.Add(-1) == 0 {
		close(c.done)
	}
}
