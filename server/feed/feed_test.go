package feed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/feed"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

type hub = feed.Hub[feed.Event]

// world is a hub over a record, in a bubble of fake time.
type world struct {
	*hub
	*record
}

func inBubble(t *testing.T, opts feed.Options, test func(t *testing.T, w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &record{}
		w := world{feed.New(r, func(e feed.Event) feed.Event { return e }, opts), r}
		defer w.Close()
		test(t, w)
	})
}

func (w world) watch(t *testing.T, ask feed.Ask) *feed.Watcher[feed.Event] {
	t.Helper()
	watcher, err := w.Watch(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return watcher
}

// next is what a watcher gets within so long, in words: the probability of an
// assessment, the ID of an outcome's transaction, +n(m) for n left out before it,
// m of them flagged.
func next(t *testing.T, w *feed.Watcher[feed.Event], patience time.Duration) (words []string) {
	t.Helper()
	events, err := w.Next(t.Context(), patience)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		word := ""
		if e.LeftOut > 0 {
			word = fmt.Sprintf("+%d(%d) ", e.LeftOut, e.LeftOutFlagged)
		}
		if e.Outcome != nil {
			words = append(words, word+e.Outcome.TransactionID)
			continue
		}
		words = append(words, word+fmt.Sprint(e.Assessment.Assessment.Probability))
	}
	return words
}

func check(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAWatcherSeesWhatComesAfterItAndNothingBefore(t *testing.T) {
	inBubble(t, feed.Options{}, func(t *testing.T, w world) {
		w.assess(0.1)
		first := w.watch(t, feed.Ask{})
		w.assess(0.2)
		second := w.watch(t, feed.Ask{}) // between two looks: what the first gets next is partly before it
		w.assess(0.3)
		check(t, "first", next(t, first, time.Second), "0.2", "0.3")
		check(t, "second", next(t, second, time.Second), "0.3")
		check(t, "in silence", next(t, first, time.Second))
		if got := first.Position(); got != (fraud.Position{Assessment: 3}) {
			t.Errorf("position %v", got)
		}
	})
}

func TestBothKindsComeInTheOrderTheyWereRecorded(t *testing.T) {
	inBubble(t, feed.Options{Page: 2}, func(t *testing.T, w world) {
		both, one := w.watch(t, feed.Ask{Outcomes: true}), w.watch(t, feed.Ask{})
		for i := range 3 {
			w.assess(float64(i) / 10)
			time.Sleep(time.Millisecond)
			w.report(fmt.Sprint("a", i))
			w.report(fmt.Sprint("b", i))
			time.Sleep(time.Millisecond)
		}
		var got []string
		for len(got) < 9 { // in pages, cut where either kind ends
			before := both.Position()
			events, err := both.Next(t.Context(), time.Second)
			if err != nil {
				t.Fatal(err)
			}
			// Whoever resumes within the page goes on with the event behind.
			for i, e := range events {
				resumed := w.watch(t, feed.Ask{Outcomes: true, After: &before})
				check(t, "resumed", next(t, resumed, time.Second)[:1], words(events[i]))
				resumed.Close()
				before = e.After
				got = append(got, words(e))
			}
		}
		check(t, "both", got, "0", "a0", "b0", "0.1", "a1", "b1", "0.2", "a2", "b2")
		check(t, "one", append(next(t, one, time.Second), next(t, one, time.Second)...), "0", "0.1", "0.2")
	})
}

func words(e feed.Event) string {
	if e.Outcome != nil {
		return e.Outcome.TransactionID
	}
	return fmt.Sprint(e.Assessment.Assessment.Probability)
}

func TestAThinnedStreamHasTheNewestAndCountsTheOthers(t *testing.T) {
	inBubble(t, feed.Options{}, func(t *testing.T, w world) {
		all := w.watch(t, feed.Ask{MaxPerSecond: 5})
		flagged := w.watch(t, feed.Ask{MaxPerSecond: 5, Query: fraud.Query{MinProbability: new(0.5)}})
		w.assess(0.1, 0.2, 0.9)
		check(t, "as many as it may", next(t, all, time.Second), "0.1", "0.2", "0.9")
		w.assess(0.3, 0.6, 0.4)
		check(t, "more than are left of this second", next(t, all, time.Second), "+2(1) 0.4")
		w.assess(0.7)
		check(t, "the last of this second", next(t, all, time.Second), "0.7")
		w.assess(0.11, 0.8)
		began := time.Now()
		check(t, "the next, once it has begun, though nothing new comes", next(t, all, 2*time.Second), "0.11", "0.8")
		if waited := time.Since(began); waited < 700*time.Millisecond || waited > time.Second {
			t.Errorf("waited for %s", waited)
		}
		check(t, "those that a filter lets through", next(t, flagged, time.Second), "0.9", "0.6", "0.7", "0.8")
	})
}

// Whatever the rate, no second has more, nothing is lost count of, and a busy
// feed trickles.
func TestNoSecondHasMoreThanTheRate(t *testing.T) {
	for _, rate := range []int{1, 3, 10, 25, 1000} {
		inBubble(t, feed.Options{}, func(t *testing.T, w world) {
			watcher := w.watch(t, feed.Ask{MaxPerSecond: rate})
			var at []time.Time
			var shown, leftOut int64
			end := time.Now().Add(20 * time.Second)
			for i := 0; time.Now().Before(end); i++ {
				w.assess(make([]float64, i%97)...)
				events, err := watcher.Next(t.Context(), 70*time.Millisecond)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					at = append(at, time.Now())
					shown, leftOut = shown+1, leftOut+e.LeftOut
				}
			}
			for i := rate; i < len(at); i++ {
				if since := at[i].Sub(at[i-rate]); since < time.Second {
					t.Fatalf("%d a second: one more within %s", rate, since)
				}
			}
			if total := watcher.Position().Assessment; shown+leftOut != total || rate <= 25 && len(at) < 15*rate {
				t.Errorf("%d a second: %d shown in 20 s and %d left out of %d", rate, shown, leftOut, total)
			}
		})
	}
}

func TestWhatManyWatchAlikeIsReadOnce(t *testing.T) {
	inBubble(t, feed.Options{}, func(t *testing.T, w world) {
		var watchers []*feed.Watcher[feed.Event]
		for range 50 {
			watchers = append(watchers, w.watch(t, feed.Ask{MaxPerSecond: 10, Query: fraud.Query{MinProbability: new(0.5)}}))
		}
		for round := range 30 {
			w.assess(0.6, 0.7, 0.8)
			for _, watcher := range watchers {
				if got := next(t, watcher, time.Second); len(got) == 0 {
					t.Fatalf("round %d: nothing", round)
				}
			}
		}
		w.assess(make([]float64, 15_000)...) // more than is gone through at once
		w.assess(0.9)
		for _, watcher := range watchers {
			check(t, "of many", next(t, watcher, time.Second), "0.9")
		}
		if w.reads > 2*30 { // what waits for the next second may be read apart
			t.Errorf("read %d times for 30 looks", w.reads)
		}
	})
}

func TestTheMoreWatchTheLessOftenTheyAreWoken(t *testing.T) {
	for watching, looks := range map[int]int{1: 100, 49: 100, 199: 25, 499: 10} {
		inBubble(t, feed.Options{}, func(t *testing.T, w world) {
			for range watching {
				w.watch(t, feed.Ask{})
			}
			one := w.watch(t, feed.Ask{MaxPerSecond: 20})
			woken, shown := 0, 0
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
				w.assess(make([]float64, 50)...)
				if got := len(next(t, one, 5*time.Millisecond)); got > 0 {
					woken, shown = woken+1, shown+got
				}
			}
			if woken > looks+1 || woken < looks*9/10-1 || shown < 160 {
				t.Errorf("%d watch: one of them is woken %d times in 10 s and shown %d; want %d times", watching, woken, shown, looks)
			}
		})
	}
}

func TestAWatcherFarBehindCatchesUpInBoundedReads(t *testing.T) {
	inBubble(t, feed.Options{Window: 10, Page: 4}, func(t *testing.T, w world) {
		for i := range 100 {
			w.assess(float64(i%20) / 20)
		}
		begin := feed.Ask{After: &fraud.Position{}, Query: fraud.Query{MinProbability: new(0.95)}}
		every := w.watch(t, begin)
		var got []string
		for len(got) < 5 {
			got = append(got, next(t, every, time.Second)...)
		}
		check(t, "every one", got, "0.95", "0.95", "0.95", "0.95", "0.95")
		begin.MaxPerSecond, begin.Query.MinProbability = 3, new(0.9)
		check(t, "thinned", next(t, w.watch(t, begin), time.Second), "+9(9) 0.95")
		begin.MaxPerSecond = 10
		check(t, "as many as it may", next(t, w.watch(t, begin), time.Second), "0.9", "0.95", "0.9", "0.95", "0.9", "0.95", "0.9", "0.95", "0.9", "0.95")
	})
}

func TestOnlyAWatcherOfEveryEventThatFallsBackIsTooSlow(t *testing.T) {
	inBubble(t, feed.Options{MaxLag: 100, Page: 10}, func(t *testing.T, w world) {
		w.assess(make([]float64, 1000)...)
		resumed := w.watch(t, feed.Ask{After: &fraud.Position{}}) // far behind from the start
		thinned := w.watch(t, feed.Ask{MaxPerSecond: 2})
		other := w.watch(t, feed.Ask{})
		slow := w.watch(t, feed.Ask{})
		for range 30 {
			w.assess(make([]float64, 15)...)
			for got := 0; got < 15; {
				got += len(next(t, other, time.Second))
			}
			for range 2 { // faster than what comes
				next(t, resumed, time.Second)
			}
		}
		if _, err := slow.Next(t.Context(), time.Second); fraud.ReasonOf(err) != fraud.ReasonWatcherTooSlow {
			t.Errorf("slow: %v", err)
		}
		check(t, "thinned", next(t, thinned, time.Second), "+449(0) 0")
		w.assess(make([]float64, 200)...)
		time.Sleep(time.Second) // until the hub has seen them
		for range 20 {
			if _, err := resumed.Next(t.Context(), time.Second); err != nil {
				return
			}
		}
		t.Error("the resumed one fell back, too")
	})
}

func TestAFailureIsToldAndForgotten(t *testing.T) {
	inBubble(t, feed.Options{}, func(t *testing.T, w world) {
		boom := errors.New("disk on fire")
		watcher := w.watch(t, feed.Ask{})
		w.mu.Lock()
		w.fail = boom
		w.mu.Unlock()
		if _, err := watcher.Next(t.Context(), time.Minute); !errors.Is(err, boom) {
			t.Errorf("watching: %v", err)
		}
		if _, err := w.Watch(t.Context(), feed.Ask{}); !errors.Is(err, boom) {
			t.Errorf("to watch: %v", err)
		}
		watcher.Close()
		w.mu.Lock()
		w.fail = nil
		w.mu.Unlock()
		watcher = w.watch(t, feed.Ask{})
		w.assess(0.1)
		check(t, "afterwards", next(t, watcher, time.Second), "0.1")
	})
}

func TestClosingEndsAllAtOnce(t *testing.T) {
	inBubble(t, feed.Options{}, func(t *testing.T, w world) {
		ended := make(chan error)
		for i := range 3 {
			watcher := w.watch(t, feed.Ask{MaxPerSecond: i})
			go func() {
				_, err := watcher.Next(t.Context(), time.Hour)
				ended <- err
			}()
		}
		synctest.Wait()
		began := time.Now()
		w.Close()
		for range 3 {
			if err := <-ended; fraud.ReasonOf(err) != fraud.ReasonShuttingDown {
				t.Errorf("ended with %v", err)
			}
		}
		if _, err := w.Watch(t.Context(), feed.Ask{}); fraud.ReasonOf(err) != fraud.ReasonShuttingDown {
			t.Errorf("afterwards: %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

func TestOneThatGoesAwayLeavesTheOthersTheirRead(t *testing.T) {
	inBubble(t, feed.Options{}, func(t *testing.T, w world) {
		w.hold = make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		first, second := w.watch(t, feed.Ask{}), w.watch(t, feed.Ask{})
		gone := make(chan error)
		go func() {
			_, err := first.Next(ctx, time.Minute)
			gone <- err
		}()
		w.assess(0.1)
		time.Sleep(time.Second)
		synctest.Wait() // the first reads
		leave()
		got := make(chan []string)
		go func() { got <- next(t, second, time.Minute) }()
		synctest.Wait()
		close(w.hold)
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the first: %v", err)
		}
		check(t, "the second", <-got, "0.1")
	})
}

func TestSoManyMayWatchAndNoMore(t *testing.T) {
	inBubble(t, feed.Options{MaxWatchers: 2}, func(t *testing.T, w world) {
		one := w.watch(t, feed.Ask{})
		w.watch(t, feed.Ask{})
		var refused *fraud.Error
		if _, err := w.Watch(t.Context(), feed.Ask{}); !errors.As(err, &refused) || refused.Reason != fraud.ReasonQueueFull || refused.RetryAfter == 0 {
			t.Errorf("a third: %v", err)
		}
		one.Close()
		w.watch(t, feed.Ask{})
	})
}
