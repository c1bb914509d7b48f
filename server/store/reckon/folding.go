package reckon

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// lookEvery is after how many rows that this process writes it looks whether
// a step is due.
const lookEvery = 1_000

// Folding folds what is written into the rollup, beside all that a store does.
type Folding struct {
	// Stride is how much one step folds, once so much waits to be. A step looks at
	// each row for some microseconds, and then writes for as long as a few batches do:
	// an outcome may belong to a minute and an hour of its own.
	Stride Marks

	step    func(ctx context.Context) (again bool, err error)
	written atomic.Int64 // rows since it last began

	mu      sync.Mutex
	running bool
	ctx     context.Context // ends when the store closes, and no run begins after
	stop    context.CancelFunc
	wait    sync.WaitGroup
}

// NewFolding folds by step, which tells whether it did anything.
func NewFolding(step func(ctx context.Context) (again bool, err error)) *Folding {
	f := &Folding{Stride: Marks{Assessment: 5_000, Outcome: 1_000}, step: step}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

// End interrupts a run, and waits for it to end.
func (f *Folding) End() {
	f.mu.Lock()
	f.stop()
	f.mu.Unlock()
	f.wait.Wait()
}

// Wait waits for a run to end by itself.
func (f *Folding) Wait() { f.wait.Wait() }

// Wrote tells that rows were written which the rollup does not have.
func (f *Folding) Wrote(rows int) {
	if f.written.Add(int64(rows)) >= lookEvery {
		f.Start()
	}
}

// Look begins a run if a step is due.
func (f *Folding) Look(left Tail) {
	if _, due := left.Step(f.Stride); due {
		f.Start()
	}
}

// Start folds until no step is due, unless that is under way.
func (f *Folding) Start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running || f.ctx.Err() != nil {
		return
	}
	f.running = true
	f.written.Store(0)
	f.wait.Go(func() {
		err := f.Fold(f.ctx)
		if err != nil && f.ctx.Err() == nil {
			// No call failed by it, and none will: summaries count what is not folded.
			slog.Warn("summaries are slower until their counts can be written", "error", err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running = false
	})
}

// Running tells whether a run is under way.
func (f *Folding) Running() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running
}

// Fold folds until no step is due.
func (f *Folding) Fold(ctx context.Context) error {
	for {
		if again, err := f.step(ctx); err != nil || !again {
			return err
		}
	}
}
