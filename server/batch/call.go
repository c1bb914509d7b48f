package batch

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// call is what one caller handed in.
type call[In, Out any] struct {
	ctx      context.Context
	flow     string
	items    []In
	leftOff  int // items that have left, or whose caller has gone
	results  []Result[Out]
	left     atomic.Int64  // items without a result
	answered time.Time     // when the last result came
	done     chan struct{} // closed when left reaches 0

	// Room for a single item, so that it costs no allocation of its own.
	item   [1]In
	result [1]Result[Out]
}

func newCall[In, Out any](ctx context.Context, flow string, items []In) *call[In, Out] {
	c := &call[In, Out]{ctx: ctx, flow: flow, items: items, results: make([]Result[Out], len(items)), done: make(chan struct{})}
	c.left.Store(int64(len(items)))
	return c
}

func newSingleCall[In, Out any](ctx context.Context, flow string, item In) *call[In, Out] {
	c := &call[In, Out]{ctx: ctx, flow: flow, item: [1]In{item}, done: make(chan struct{})}
	c.items, c.results = c.item[:], c.result[:]
	c.left.Store(1)
	return c
}

// wait waits for all results, or for the context's end. Results that are there at
// the last moment are given, not thrown away.
func (c *call[In, Out]) wait() error {
	select {
	case <-c.done:
		return nil
	case <-c.ctx.Done():
	}
	select {
	case <-c.done:
		return nil
	default:
		return c.ctx.Err()
	}
}

// deliver sets one result. The caller reads results only after done, so items
// that run in different batches need no lock.
func (c *call[In, Out]) deliver(index int, r Result[Out], now time.Time) {
	c.results[index] = r
	if c.left.Add(-1) == 0 {
		c.answered = now
		close(c.done)
	}
}

// lastDeadline is a context that ends with the most patient caller.
func lastDeadline[In, Out any](batch []waiting[In, Out]) (context.Context, context.CancelFunc) {
	var last time.Time
	for _, w := range batch {
		deadline, ok := w.call.ctx.Deadline()
		if !ok {
			return context.WithCancel(context.Background())
		}
		if deadline.After(last) {
			last = deadline
		}
	}
	return context.WithDeadline(context.Background(), last)
}

func failAll[Out any](n int, err error) []Result[Out] {
	results := make([]Result[Out], n)
	for i := range results {
		results[i].Err = err
	}
	return results
}

// anyAnswered tells whether not all have failed.
func anyAnswered[Out any](results []Result[Out]) bool {
	return slices.ContainsFunc(results, func(r Result[Out]) bool { return r.Err == nil })
}

// shift drops the first n of queue and keeps its memory for what comes next.
func shift[T any](queue []T, n int) []T {
	rest := copy(queue, queue[n:])
	clear(queue[rest:])
	return queue[:rest]
}
