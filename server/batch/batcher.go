// Package batch lets callers that wait together travel together.
//
// There is no timer and no added delay: an item that finds a free slot runs at
// once, alone if need be; what arrives while the slots are taken forms the next
// batch. The busier the service, the larger its batches.
package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Result is the answer to one item: Err, or Out.
type Result[Out any] struct {
	Out Out
	Err error
}

// RunFunc answers a batch: one result for each item, in order. Its context ends
// when the last of the batch's callers has stopped waiting. A batch that is past
// what slots are there to bound may free its own before it is answered, so that
// the next one leaves meanwhile.
type RunFunc[In, Out any] func(ctx context.Context, items []In, free func()) []Result[Out]

// ErrClosed refuses items handed in after Close.
var ErrClosed = errors.New("batch: closed")

// Batcher runs items of many callers together. Make one with New.
type Batcher[In, Out any] struct {
	run  RunFunc[In, Out]
	opts Options

	mu      sync.Mutex
	queue   queue[In, Out]
	taken   int           // slots in use
	running []*trip       // batches that hold a slot and have left
	open    int           // batches that have left and are not answered
	cost    cost          // of batches so far
	sound   cost          // of those alone that ended well
	mended  time.Time     // when one of these was much quicker than estimated
	lag     time.Duration // from an answer until its caller runs, smoothed
	closed  bool
	idle    chan struct{} // closed once closed is set and nothing is left to do
}

// waiting is one item of a call.
type waiting[In, Out any] struct {
	call  *call[In, Out]
	index int
}

// New makes a Batcher that answers with run.
func New[In, Out any](opts Options, run RunFunc[In, Out]) (*Batcher[In, Out], error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	return &Batcher[In, Out]{run: run, opts: opts, queue: queue[In, Out]{whole: opts.Whole}, idle: make(chan struct{})}, nil
}

// Do hands in one item and waits for its answer or the context's end. Flows, such
// as one a caller, share batches evenly however much each of them hands in.
func (b *Batcher[In, Out]) Do(ctx context.Context, flow string, item In) (Out, error) {
	c := newSingleCall[In, Out](ctx, flow, item)
	if err := b.await(c); err != nil {
		var none Out
		return none, err
	}
	return c.results[0].Out, c.results[0].Err
}

// DoMany hands in several items and waits for all of their answers, in order.
// They are taken in together or refused together.
func (b *Batcher[In, Out]) DoMany(ctx context.Context, flow string, items []In) ([]Result[Out], error) {
	if len(items) == 0 {
		return nil, nil
	}
	if b.opts.Whole && len(items) > b.opts.MaxItems {
		return nil, fmt.Errorf("batch: %d items are more than one batch of %d holds", len(items), b.opts.MaxItems)
	}
	c := newCall[In, Out](ctx, flow, items)
	if err := b.await(c); err != nil {
		return nil, err
	}
	return c.results, nil
}

// await hands in a call and waits until all of it is answered.
func (b *Batcher[In, Out]) await(c *call[In, Out]) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := b.enqueue(c); err != nil {
		return err
	}
	if err := c.wait(); err != nil {
		return err
	}
	b.picked(c.answered)
	return nil
}

// Close refuses further items and waits until those handed in are answered, or
// for the context's end.
func (b *Batcher[In, Out]) Close(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		b.noteIdle()
	}
	b.mu.Unlock()
	select {
	case <-b.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Batcher[In, Out]) enqueue(c *call[In, Out]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	deadline, _ := c.ctx.Deadline()
	if err := b.admit(c.line(), len(c.items), deadline); err != nil {
		return err
	}
	b.queue.add(c)
	if b.taken < b.opts.slots() {
		b.taken++
		go b.work()
	}
	return nil
}

// work holds one slot: it runs batches until none waits.
func (b *Batcher[In, Out]) work() {
	for {
		// Callers who are about to hand in an item go first, so that they come
		// along. With nothing else to run this takes no time.
		runtime.Gosched()
		batch, trip := b.next()
		if batch == nil {
			return
		}
		b.answer(batch, trip)
		if trip.passed {
			return
		}
	}
}

// next takes the items whose turn it is. With none left, or with fewer slots than
// are taken, it gives the slot back and returns nil.
func (b *Batcher[In, Out]) next() ([]waiting[In, Out], *trip) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken <= b.opts.slots() { // or else those who hold the others go on
		if batch := b.queue.take(b.most(0)); len(batch) > 0 {
			return batch, b.depart(len(batch))
		}
	}
	b.taken--
	b.noteIdle()
	return nil, nil
}

// answer runs one batch and hands every caller its result.
func (b *Batcher[In, Out]) answer(batch []waiting[In, Out], trip *trip) {
	ctx, cancel := lastDeadline(batch)
	defer cancel()
	items := make([]In, len(batch))
	for i, w := range batch {
		items[i] = w.call.items[w.index]
	}
	results := b.runSafely(ctx, items, func() { b.pass(trip) })
	cut := ctx.Err() != nil
	now := b.arrive(trip, !cut && anyAnswered(results), cut) // before the callers know, who may come again at once
	for i, w := range batch {
		w.call.deliver(w.index, results[i], now)
	}
}

// runSafely turns a panic, or an answer of the wrong length, into an error for
// every item: no caller may wait for ever, and none may get another's answer.
func (b *Batcher[In, Out]) runSafely(ctx context.Context, items []In, free func()) (results []Result[Out]) {
	defer func() {
		if p := recover(); p != nil {
			results = failAll[Out](len(items), fmt.Errorf("batch: panic: %v", p))
		}
	}()
	results = b.run(ctx, items, free)
	if len(results) != len(items) {
		return failAll[Out](len(items), fmt.Errorf("batch: %d answers to %d items", len(results), len(items)))
	}
	return results
}
