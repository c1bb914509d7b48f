package batch_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

func TestABatchThatFreesItsSlotOverlapsWithTheNext(t *testing.T) {
	for name, c := range map[string]struct {
		free  bool
		times int
		want  time.Duration
	}{
		"kept":        {false, 0, 4 * time.Second},
		"freed":       {true, 1, 3 * time.Second},
		"freed twice": {true, 2, 3 * time.Second}, // as once: there is one slot
	} {
		synctest.Test(t, func(t *testing.T) {
			var inRun, most atomic.Int32
			b := newBatcher(t, batch.Options{InFlight: 1}, func(_ context.Context, items []int, free func()) []batch.Result[int] {
				most.Store(max(most.Load(), inRun.Add(1)))
				defer inRun.Add(-1)
				time.Sleep(time.Second)
				for range c.times {
					free()
				}
				time.Sleep(time.Second)
				return []batch.Result[int]{{Out: 10 * items[0]}}
			})
			began := time.Now()
			var callers sync.WaitGroup
			for _, item := range []int{1, 2} {
				callers.Go(func() { hand(t, b, item) })
				synctest.Wait()
			}
			if err := b.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took != c.want {
				t.Errorf("%s: closed after %s, want %s", name, took, c.want)
			}
			callers.Wait()
			if overlap := most.Load() == 2; overlap != c.free {
				t.Errorf("%s: overlapped %v", name, overlap)
			}
		})
	}
}

func TestACallThatFitsIntoABatchIsNotSpreadOverTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		b := newBatcher(t, batch.Options{InFlight: 1, MaxItems: 4}, r.run)
		var callers sync.WaitGroup
		for _, items := range [][]int{{1}, {2, 3}, {4, 5, 6}, {7, 8, 9, 10, 11}, {12, 13}} {
			callers.Go(func() {
				if _, err := b.DoMany(context.Background(), "", items); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		callers.Wait()
		if got, want := fmt.Sprint(r.batches), "[[1] [2 3] [4 5 6] [7 8 9 10] [11 12 13]]"; got != want {
			t.Errorf("batches %s, want %s", got, want)
		}
	})
}

func TestSlotsAreAskedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		slots := 1
		b := newBatcher(t, batch.Options{MaxItems: 1, Slots: func() int { return slots }}, r.run)
		for _, c := range []struct{ slots, want int }{{1, 1}, {3, 3}, {0, 3}} {
			synctest.Wait() // until those of before are given back
			slots = c.slots // 0 is taken for 1
			began := time.Now()
			hand(t, b, 1, 2, 3)
			if r.maxRun != c.want {
				t.Errorf("%d slots: %d batches ran at once, want %d", c.slots, r.maxRun, c.want)
			}
			if took, want := time.Since(began), 3*time.Second/time.Duration(max(1, c.slots)); took != want {
				t.Errorf("%d slots: took %s, want %s", c.slots, took, want)
			}
		}
	})
}

func TestASlotThatIsNoMoreIsGivenBackUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		var slots atomic.Int32
		slots.Store(2)
		b := newBatcher(t, batch.Options{MaxItems: 1, Slots: func() int { return int(slots.Load()) }}, r.run)
		began := time.Now()
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 1, 2, 3, 4) })
		synctest.Wait()
		slots.Store(1)
		callers.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %s, want one second for the first two and one for each of the others", took)
		}
	})
}

// A batch is known to take 100 ms and 10 ms an item.
func TestWhoCouldNotBeBackInTimeIsRefusedByTheSizeOfWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(t, batch.Options{InFlight: 1}, func(_ context.Context, items []int, _ func()) []batch.Result[int] {
			time.Sleep(100*time.Millisecond + time.Duration(len(items))*10*time.Millisecond)
			return make([]batch.Result[int], len(items))
		})
		for i := range 20 {
			if _, err := b.DoMany(context.Background(), "", make([]int, 1+i%10)); err != nil {
				t.Fatal(err)
			}
		}
		var callers sync.WaitGroup
		handIn := func(items int) {
			callers.Go(func() { b.DoMany(context.Background(), "", make([]int, items)) })
			synctest.Wait()
		}
		handIn(10) // runs for 200 ms
		handIn(29) // waits, and will run for 400 ms with the one below
		refused := func(patience time.Duration) bool {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, err := b.Do(ctx, "", 1)
			_, full := err.(*batch.FullError)
			return full
		}
		if !refused(550 * time.Millisecond) {
			t.Error("let in, though it cannot be back before 600 ms")
		}
		if refused(700 * time.Millisecond) {
			t.Error("refused, though it is back after 600 ms")
		}
		callers.Wait()
	})
}

func TestABatchThatWasCutShortIsNotTakenForAQuickOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(t, batch.Options{InFlight: 1}, func(ctx context.Context, items []int, _ func()) []batch.Result[int] {
			<-ctx.Done() // the model hangs
			return make([]batch.Result[int], len(items))
		})
		for range 5 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			b.Do(ctx, "", 1)
			cancel()
			synctest.Wait()
		}
		var callers sync.WaitGroup
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			b.Do(ctx, "", 1)
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel()
		if _, err := b.Do(ctx, "", 1); fmt.Sprintf("%T", err) != "*batch.FullError" {
			t.Errorf("got %v: batches were cut after 1 s each, so that 1.5 s is no time to be back", err)
		}
		callers.Wait()
	})
}
