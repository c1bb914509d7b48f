package batch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

// recorder answers each item with ten times itself and remembers the batches.
// Each batch takes a second of (fake) time.
type recorder struct {
	mu      sync.Mutex
	batches [][]int
	inRun   int
	maxRun  int
}

func (r *recorder) run(ctx context.Context, items []int, _ func()) []batch.Result[int] {
	r.mu.Lock()
	r.batches = append(r.batches, items)
	r.inRun++
	r.maxRun = max(r.maxRun, r.inRun)
	r.mu.Unlock()
	time.Sleep(time.Second) // fake: every test runs in a bubble
	r.mu.Lock()
	r.inRun--
	r.mu.Unlock()
	results := make([]batch.Result[int], len(items))
	for i, item := range items {
		results[i].Out = 10 * item
		if item < 0 {
			results[i].Err = fmt.Errorf("bad item %d", item)
		}
	}
	return results
}

func newBatcher(t *testing.T, opts batch.Options, run batch.RunFunc[int, int]) *batch.Batcher[int, int] {
	t.Helper()
	b, err := batch.New(opts, run)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// hand hands in items from goroutines of their own and waits for all answers.
func hand(t *testing.T, b *batch.Batcher[int, int], items ...int) {
	t.Helper()
	var callers sync.WaitGroup
	for _, item := range items {
		callers.Go(func() {
			out, err := b.Do(context.Background(), "", item)
			if err != nil || out != 10*item {
				t.Errorf("Do(%d) = %d, %v", item, out, err)
			}
		})
	}
	callers.Wait()
}

func TestAnItemThatFindsASlotRunsAtOnceAndTheRestTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1}, r.run)
		began := time.Now()
		var first sync.WaitGroup
		first.Go(func() { hand(t, b, 1) })
		synctest.Wait()
		hand(t, b, 2, 3, 4)
		first.Wait()
		if len(r.batches) != 2 || len(r.batches[0]) != 1 || len(r.batches[1]) != 3 {
			t.Fatalf("batches %v, want one of 1 and one of 3", r.batches)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %s, want the two batches' own 2s and no delay", took)
		}
	})
}

func TestSlotsAndBatchSizeAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 2, MaxItems: 3}, r.run)
		hand(t, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
		if r.maxRun != 2 {
			t.Errorf("%d batches ran at once, want 2", r.maxRun)
		}
		for _, items := range r.batches {
			if len(items) > 3 {
				t.Errorf("a batch of %d, want at most 3", len(items))
			}
		}
	})
}

func TestManyItemsAreAnsweredInOrderAndABadOneFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{MaxItems: 2}, r.run)
		results, err := b.DoMany(context.Background(), "", []int{1, -2, 3, 4, 5})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{10, -20, 30, 40, 50} {
			if results[i].Out != want || (results[i].Err != nil) != (want < 0) {
				t.Errorf("result %d = %+v, want %d", i, results[i], want)
			}
		}
	})
}

func TestEachCallerKeepsItsOwnDeadlineAndThoseGoneAreSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1}, r.run)
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 1) })
		synctest.Wait()
		short, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := b.Do(short, "", 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("impatient caller got %v, want its deadline", err)
		}
		if waited := time.Since(began); waited != 500*time.Millisecond {
			t.Errorf("impatient caller waited %s", waited)
		}
		hand(t, b, 3)
		callers.Wait()
		if got := fmt.Sprint(r.batches); got != "[[1] [3]]" {
			t.Errorf("batches %s, want [[1] [3]]: the one who left is skipped", got)
		}
	})
}

func TestTheBatchLastsAsLongAsItsMostPatientCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var deadlines []time.Duration
		began := time.Now()
		b := newBatcher(t, batch.Options{InFlight: 1}, func(ctx context.Context, items []int, _ func()) []batch.Result[int] {
			deadline, _ := ctx.Deadline()
			deadlines = append(deadlines, deadline.Sub(began))
			time.Sleep(time.Second)
			return make([]batch.Result[int], len(items))
		})
		var callers sync.WaitGroup
		for _, patience := range []time.Duration{10, 20, 30} {
			callers.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience*time.Second)
				defer cancel()
				if _, err := b.Do(ctx, "", 0); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		callers.Wait()
		if fmt.Sprint(deadlines) != "[10s 30s]" {
			t.Errorf("deadlines %v, want [10s 30s]", deadlines)
		}
	})
}

func TestAFullQueueRefusesAtOnceWithARetryTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1, QueueItems: 2}, r.run)
		hand(t, b, 1) // teaches how long a batch takes
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 2) })
		synctest.Wait()
		callers.Go(func() { hand(t, b, 3, 4) })
		synctest.Wait()
		began := time.Now()
		_, err := b.Do(context.Background(), "", 5)
		var full *batch.FullError
		if !errors.As(err, &full) || full.RetryAfter != time.Second {
			t.Errorf("got %v, want a refusal with retry after 1s", err)
		}
		if time.Since(began) != 0 {
			t.Error("the refusal waited")
		}
		callers.Wait()
		hand(t, b, 6)
	})
}

func TestAWaitBeyondTheDeadlineIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1}, r.run)
		hand(t, b, 1)
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 2) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 900*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := b.Do(ctx, "", 3)
		var full *batch.FullError
		if !errors.As(err, &full) || time.Since(began) != 0 {
			t.Errorf("got %v after %s, want a refusal at once", err, time.Since(began))
		}
		callers.Wait()
	})
}

func TestASlowSpellDoesNotShutCallersOutOfAFreeSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1}, r.run)
		hand(t, b, 1)
		ctx, cancel := context.WithTimeout(context.Background(), 900*time.Millisecond)
		defer cancel()
		if _, err := b.Do(ctx, "", 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want to have been let in and to have run out of time", err)
		}
		time.Sleep(time.Second)
	})
}

func TestAPanicOrAShortAnswerFailsEveryItemOfTheBatch(t *testing.T) {
	for name, run := range map[string]batch.RunFunc[int, int]{
		"panic": func(context.Context, []int, func()) []batch.Result[int] { panic("boom") },
		"short": func(_ context.Context, items []int, _ func()) []batch.Result[int] {
			return make([]batch.Result[int], len(items)-1)
		},
		"excess": func(_ context.Context, items []int, _ func()) []batch.Result[int] {
			return make([]batch.Result[int], len(items)+1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBatcher(t, batch.Options{}, run)
			results, err := b.DoMany(context.Background(), "", []int{1, 2})
			if err != nil || results[0].Err == nil || results[1].Err == nil {
				t.Errorf("got %+v, %v, want an error for each", results, err)
			}
		})
	}
}

func TestCloseAnswersWhatWaitsAndRefusesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1}, r.run)
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 1) })
		synctest.Wait()
		callers.Go(func() { hand(t, b, 2) })
		synctest.Wait()
		hurried, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if err := b.Close(hurried); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hurried Close = %v, want its deadline", err)
		}
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := b.Do(context.Background(), "", 3); !errors.Is(err, batch.ErrClosed) {
			t.Errorf("Do after Close = %v", err)
		}
		callers.Wait()
	})
}

func TestOptionsBelowOneAreRefusedByName(t *testing.T) {
	for field, opts := range map[string]batch.Options{
		"MaxItems": {MaxItems: -1}, "QueueItems": {QueueItems: -1}, "InFlight": {InFlight: -1},
	} {
		_, err := batch.New(opts, (&recorder{}).run)
		if err == nil || err.Error() != "batch: "+field+" must be at least 1, not -1" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAThousandCallersGetTheirOwnAnswers(t *testing.T) {
	b := newBatcher(t, batch.Options{MaxItems: 64}, func(_ context.Context, items []int, _ func()) []batch.Result[int] {
		results := make([]batch.Result[int], len(items))
		for i, item := range items {
			results[i].Out = 10 * item
		}
		return results
	})
	items := make([]int, 1000)
	for i := range items {
		items[i] = i
	}
	hand(t, b, items...)
}
