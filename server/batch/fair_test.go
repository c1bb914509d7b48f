package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

// handed hands in calls one after the other, while a batch of one is under way,
// and returns the batches that followed.
func handed(t *testing.T, opts batch.Options, calls ...func(b *batch.Batcher[int, int])) [][]int {
	t.Helper()
	var r recorder
	synctest.Test(t, func(t *testing.T) {
		opts.InFlight = 1
		b := newBatcher(t, opts, r.run)
		var callers sync.WaitGroup
		callers.Go(func() { b.Do(t.Context(), "first", 0) })
		synctest.Wait()
		for _, call := range calls {
			callers.Go(func() { call(b) })
			synctest.Wait()
		}
		callers.Wait()
	})
	return r.batches[1:]
}

func one(flow string, item int) func(*batch.Batcher[int, int]) {
	return func(b *batch.Batcher[int, int]) { b.Do(context.Background(), flow, item) }
}

func many(flow string, items ...int) func(*batch.Batcher[int, int]) {
	return func(b *batch.Batcher[int, int]) { b.DoMany(context.Background(), flow, items) }
}

func numbers(from, to int) []int {
	var all []int
	for n := from; n <= to; n++ {
		all = append(all, n)
	}
	return all
}

func TestLinesShareABatch(t *testing.T) {
	greedy := make([]func(*batch.Batcher[int, int]), 0, 9)
	for _, n := range numbers(1, 9) {
		greedy = append(greedy, one("greedy", n))
	}
	for name, c := range map[string]struct {
		calls []func(*batch.Batcher[int, int])
		want  string
	}{
		"who asks for much keeps nobody waiting": {append(slices.Clone(greedy), one("modest", 100)), "[[1 2 100 3] [4 5 6 7] [8 9]]"},
		"a call of many items keeps no single one waiting, of its own key either": {
			[]func(*batch.Batcher[int, int]){many("a", numbers(1, 9)...), one("a", 100), one("b", 200)},
			"[[1 100 200 2] [3 4 5 6] [7 8 9]]",
		},
		"two that ask for much have half each": {
			[]func(*batch.Batcher[int, int]){many("a", numbers(1, 6)...), many("b", numbers(11, 16)...)},
			"[[1 2 11 12] [13 14 3 4] [5 6 15 16]]",
		},
		"with more lines than places each has its turn": {
			[]func(*batch.Batcher[int, int]){one("a", 1), one("a", 11), one("b", 2), one("c", 3), one("d", 4), one("e", 5), one("f", 6)},
			"[[1 2 3 4] [5 6 11]]",
		},
		"calls of many items that fit stay whole": {
			[]func(*batch.Batcher[int, int]){many("a", 1, 2), many("a", 3, 4, 5), one("b", 9)},
			"[[1 2 9] [3 4 5]]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(handed(t, batch.Options{MaxItems: 4}, c.calls...)); got != c.want {
				t.Errorf("batches %s, want %s", got, c.want)
			}
		})
	}
}

func TestWholeCallsAreNeverSpread(t *testing.T) {
	got := handed(t, batch.Options{MaxItems: 4, Whole: true}, many("a", 1, 2, 3), many("b", 11, 12, 13), many("a", 4, 5, 6), one("c", 21))
	if want := "[[21 1 2 3] [11 12 13] [4 5 6]]"; fmt.Sprint(got) != want {
		t.Errorf("batches %v, want %s", got, want)
	}
	b := newBatcher(t, batch.Options{MaxItems: 4, Whole: true}, (&recorder{}).run)
	if _, err := b.DoMany(t.Context(), "", make([]int, 5)); err == nil {
		t.Error("a call larger than a batch was taken in")
	}
}

func TestWhoHasGoneLeavesNoGap(t *testing.T) {
	var r recorder
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(t, batch.Options{InFlight: 1, MaxItems: 4}, r.run)
		var callers sync.WaitGroup
		callers.Go(func() { hand(t, b, 0) })
		synctest.Wait()
		gone, leave := context.WithCancel(context.Background())
		callers.Go(func() { b.DoMany(gone, "a", numbers(1, 6)) })
		synctest.Wait()
		callers.Go(func() { b.DoMany(context.Background(), "a", numbers(11, 13)) })
		synctest.Wait()
		leave()
		callers.Wait()
	})
	if got := fmt.Sprint(r.batches[1:]); got != "[[11 12 13]]" {
		t.Errorf("batches %s", got)
	}
}

// full hands in one call after the other and returns which were refused.
func full(t *testing.T, opts batch.Options, patience time.Duration, flows ...string) (refused []int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		var mu sync.Mutex
		b := newBatcher(t, opts, r.run)
		hand(t, b, 0) // teaches that a batch takes a second
		var callers sync.WaitGroup
		for i, flow := range flows {
			callers.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				_, err := b.Do(ctx, flow, i)
				var full *batch.FullError
				if errors.As(err, &full) {
					mu.Lock()
					refused = append(refused, i)
					mu.Unlock()
				}
			})
			synctest.Wait()
		}
		callers.Wait()
	})
	slices.Sort(refused)
	return refused
}

func TestAFullQueueRefusesThoseWhoFilledIt(t *testing.T) {
	opts := batch.Options{InFlight: 1, MaxItems: 1, QueueItems: 4, MaxWait: time.Hour}
	got := full(t, opts, time.Hour, "a", "a", "a", "a", "a", "a", "b", "b", "b", "a", "c", "d", "e", "f", "g")
	// The first one runs, four wait. Then b has room for half of four, c and the
	// next ones for less, up to eight in all.
	if want := "[5 8 9 12 13 14]"; fmt.Sprint(got) != want {
		t.Errorf("refused %v, want %s", got, want)
	}
}

func TestWhoWouldWaitTooLongIsRefusedWhateverItsPatience(t *testing.T) {
	flows := make([]string, 20)
	// The first one runs. Of the others each waits a second more than the one before,
	// and may wait as long as eight of them take.
	opts := batch.Options{InFlight: 1, MaxItems: 1}
	if got := full(t, opts, time.Hour, flows...); fmt.Sprint(got) != fmt.Sprint(numbers(9, 19)) {
		t.Errorf("refused %v", got)
	}
	opts.MaxWait = 12 * time.Second
	if got := full(t, opts, time.Hour, flows...); fmt.Sprint(got) != fmt.Sprint(numbers(13, 19)) {
		t.Errorf("refused %v with MaxWait of 12 s", got)
	}
	// What others ask for does not count against who asks for little.
	if got := full(t, opts, time.Hour, append(flows, "modest")...); slices.Contains(got, 20) {
		t.Errorf("refused %v, the modest one too", got)
	}
}

// What is under way cannot be shortened: who asks for one item waits for its end,
// and who has one waiting is refused another.
func TestTheFirstOfALineIsNotRefusedForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(t, batch.Options{InFlight: 1, Whole: true}, func(_ context.Context, items []int, _ func()) []batch.Result[int] {
			time.Sleep(time.Duration(len(items)) * time.Millisecond)
			return make([]batch.Result[int], len(items))
		})
		ask := func(flow string, items int) error {
			_, err := b.DoMany(context.Background(), flow, numbers(1, items))
			return err
		}
		for range 3 { // that teach how long they take
			if err := errors.Join(ask("a", 1), ask("a", 1000)); err != nil {
				t.Fatal(err)
			}
		}
		var callers sync.WaitGroup
		var refused sync.Map
		for _, c := range []struct {
			name, flow string
			items      int
		}{{"under way", "a", 1000}, {"first", "b", 1}, {"second", "b", 1}, {"first of many", "b", 1000}, {"first of another", "c", 1}} {
			callers.Go(func() {
				if err := ask(c.flow, c.items); err != nil {
					refused.Store(c.name, err)
				}
			})
			synctest.Wait()
		}
		callers.Wait()
		if _, ok := refused.LoadAndDelete("second"); !ok {
			t.Error("a second one was let in")
		}
		refused.Range(func(name, err any) bool {
			t.Errorf("%s: %v", name, err)
			return true
		})
	})
}

// A batch of 1,000 items would take a second, as long as nobody may wait.
func TestBesideCallsOfManyOfASlowModelNoSingleOneIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(t, batch.Options{}, func(_ context.Context, items []int, _ func()) []batch.Result[int] {
			time.Sleep(5*time.Millisecond + time.Duration(len(items))*time.Millisecond)
			return make([]batch.Result[int], len(items))
		})
		var callers sync.WaitGroup
		busy, stop := context.WithCancel(context.Background())
		for range 8 {
			callers.Go(func() {
				for busy.Err() == nil {
					if _, err := b.DoMany(context.Background(), "", numbers(1, 1000)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		slowest := time.Duration(0)
		for i := range 1000 {
			time.Sleep(time.Duration(i%100) * time.Millisecond)
			asked := time.Now()
			_, err := b.Do(context.Background(), "", 1)
			if i < 5 { // the first batches teach how long they take
				continue
			}
			if err != nil {
				t.Errorf("single call %d: %v", i, err)
			}
			slowest = max(slowest, time.Since(asked))
		}
		stop()
		callers.Wait()
		if slowest > 700*time.Millisecond { // of two batches with a quarter each; whole ones take a second
			t.Errorf("a single call took %v", slowest)
		}
	})
}

// A host whose few calls hide what many cost: up to four take as long as one. When
// three times as much is asked as it does, all at once, nobody waits for a batch of
// hundreds until it is known what they take.
func TestASuddenFloodBeforeASlowHostKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := make(chan struct{}, 1) // one process, however many batches are sent to it
		b := newBatcher(t, batch.Options{MaxWait: 50 * time.Millisecond}, func(_ context.Context, items []int, _ func()) []batch.Result[int] {
			host <- struct{}{}
			defer func() { <-host }()
			time.Sleep(time.Duration(max(4, len(items))) * time.Millisecond)
			return make([]batch.Result[int], len(items))
		})
		var callers sync.WaitGroup
		var answered, refused atomic.Int64
		ask := func(longest time.Duration) {
			asked := time.Now()
			_, err := b.Do(context.Background(), "", 1)
			took := time.Since(asked)
			if err != nil {
				refused.Add(1)
				longest = 0 // at once
			} else {
				answered.Add(1)
			}
			if took > longest {
				t.Errorf("%v after %v, want %v", err, took, longest)
			}
		}
		for range 1000 { // two seconds of half of what it does
			callers.Go(func() { ask(time.Second) })
			time.Sleep(2 * time.Millisecond)
		}
		if n := refused.Load(); n > 0 {
			t.Errorf("%d refused at half load", n)
		}
		answered.Store(0)
		for range 10 { // a second of three times as much, in waves
			for range 300 {
				callers.Go(func() { ask(300 * time.Millisecond) })
			}
			time.Sleep(100 * time.Millisecond)
		}
		callers.Wait()
		if n := answered.Load(); n < 600 { // between waves it has nothing to do
			t.Errorf("%d of 1000 answered that could be", n)
		}
	})
}

// Random calls of random flows, of which each item is answered once, by its own
// answer, whatever the order.
func TestEveryItemLeavesOnce(t *testing.T) {
	for _, whole := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			seen := map[int]int{}
			b := newBatcher(t, batch.Options{InFlight: 1, MaxItems: 7, Whole: whole, MaxWait: time.Hour}, func(_ context.Context, items []int, _ func()) []batch.Result[int] {
				if len(items) > 7 {
					t.Errorf("a batch of %d", len(items))
				}
				time.Sleep(time.Second)
				out := make([]batch.Result[int], len(items))
				for i, item := range items {
					seen[item]++
					out[i].Out = 10 * item
				}
				return out
			})
			var callers sync.WaitGroup
			next := 0
			for i := range 200 {
				items := numbers(next, next+i*i%7)
				next += len(items)
				callers.Go(func() {
					out, err := b.DoMany(context.Background(), fmt.Sprint(i%5), items)
					if err != nil {
						t.Error(err)
						return
					}
					for j, item := range items {
						if out[j].Out != 10*item || out[j].Err != nil {
							t.Errorf("item %d: %+v", item, out[j])
						}
					}
				})
				if i%9 == 0 {
					time.Sleep(time.Second)
				}
			}
			callers.Wait()
			for item := range next {
				if seen[item] != 1 {
					t.Errorf("item %d left %d times", item, seen[item])
				}
			}
		})
	}
}
