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
	"sync"
	"time"
)

// Result is the answer to one item: Err, or Out.
type Result[Out any] struct {
	Out Out
	Err error
}

// RunFunc answers a batch: one result for each item, in order. Its context ends
// when the last of the batch's callers has stopped waiting.
type RunFunc[In, Out any] func(ctx context.Context, items []In) []Result[Out]

// ErrClosed refuses items handed in after Close.
var ErrClosed = errors.New("batch: closed")

// Batcher runs items of many callers together. Make one with New.
type Batcher[In, Out any] struct {
	run  RunFunc[In, Out]
	opts Options

	mu       sync.Mutex
	queue    []waiting[In, Out]
	running  int           // batches in flight, at most opts.InFlight
	duration time.Duration // of a batch, smoothed
	closed   bool
	idle     chan struct{} // closed once closed is set and nothing runs
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
	return &Batcher[In, Out]{run: run, opts: opts, idle: make(chan struct{})}, nil
}

// Do hands in one item and waits for its answer or the context's end.
func (b *Batcher[In, Out]) Do(ctx context.Context, item In) (Out, error) {
	results, err := b.DoMany(ctx, []In{item})
	if err != nil {
		var none Out
		return none, err
	}
	return results[0].Out, results[0].Err
}

// DoMany hands in several items and waits for all of their answers, in order.
// They are taken together or refused together.
func (b *Batcher[In, Out]) DoMany(ctx context.Context, items []In) ([]Result[Out], error) {
	if len(items) == 0 {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := newCall[In, Out](ctx, items)
	if err := b.enqueue(c); err != nil {
		return nil, err
	}
	select {
	case <-c.done:
		return c.results, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close refuses further items and waits until those handed in are answered, or
// for the context's end.
func (b *Batcher[In, Out]) Close(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		if b.running == 0 {
			close(b.idle)
		}
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
	if err := b.admit(c); err != nil {
		return err
	}
	for i := range c.items {
		b.queue = append(b.queue, waiting[In, Out]{c, i})
	}
	if b.running < b.opts.InFlight {
		b.running++
		go b.work()
	}
	return nil
}

// work holds one slot: it runs batches until none waits.
func (b *Batcher[In, Out]) work() {
	for {
		batch := b.next()
		if batch == nil {
			return
		}
		began := time.Now()
		b.answer(batch)
		b.observe(time.Since(began))
	}
}

// next takes the items that wait, skipping those whose callers have gone. With
// none left it gives the slot back and returns nil.
func (b *Batcher[In, Out]) next() []waiting[In, Out] {
	b.mu.Lock()
	defer b.mu.Unlock()
	var batch []waiting[In, Out]
	taken := 0
	for ; taken < len(b.queue) && len(batch) < b.opts.MaxItems; taken++ {
		if w := b.queue[taken]; w.call.ctx.Err() == nil {
			batch = append(batch, w)
		}
	}
	b.queue = shift(b.queue, taken)
	if batch == nil {
		b.running--
		if b.closed && b.running == 0 {
			close(b.idle)
		}
	}
	return batch
}

// answer runs one batch and hands every caller its result.
func (b *Batcher[In, Out]) answer(batch []waiting[In, Out]) {
	ctx, cancel := lastDeadline(batch)
	defer cancel()
	items := make([]In, len(batch))
	for i, w := range batch {
		items[i] = w.call.items[w.index]
	}
	results := b.runSafely(ctx, items)
	for i, w := range batch {
		w.call.deliver(w.index, results[i])
	}
}

// runSafely turns a panic, or an answer of the wrong length, into an error for
// every item: no caller may wait for ever, and none may get another's answer.
func (b *Batcher[In, Out]) runSafely(ctx context.Context, items []In) (results []Result[Out]) {
	defer func() {
		if p := recover(); p != nil {
			results = failAll[Out](len(items), fmt.Errorf("batch: panic: %v", p))
		}
	}()
	results = b.run(ctx, items)
	if len(results) != len(items) {
		return failAll[Out](len(items), fmt.Errorf("batch: %d answers to %d items", len(results), len(items)))
	}
	return results
}

func failAll[Out any](n int, err error) []Result[Out] {
	results := make([]Result[Out], n)
	for i := range results {
		results[i].Err = err
	}
	return results
}

// shift drops the first n of queue and keeps its memory for what comes next.
func shift[T any](queue []T, n int) []T {
	rest := copy(queue, queue[n:])
	clear(queue[rest:])
	return queue[:rest]
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
