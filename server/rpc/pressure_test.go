package rpc

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"
)

// refusedOf calls n times in the name of a key and tells how many were refused.
func refusedOf(p *Pressure, key string, n int) (refused int) {
	for range n {
		if p.refuses(key) {
			refused++
		}
	}
	return refused
}

func TestNothingIsRefusedWhileTheWaitIsBearable(t *testing.T) {
	var p Pressure
	for range 50 {
		if n := refusedOf(&p, "a", 1000); n != 0 {
			t.Fatalf("%d refused", n)
		}
		p.adjust(bearable)
	}
}

func TestFewCallsAreLetInHoweverBusyTheMachine(t *testing.T) {
	var p Pressure
	for range 50 {
		if n := refusedOf(&p, "a", fewCalls-1); n != 0 {
			t.Fatalf("%d refused", n)
		}
		p.adjust(10 * bearable)
	}
}

func TestPressureRisesWithinAFifthOfASecondAndIsGoneAsSoon(t *testing.T) {
	var p Pressure
	for range 10 {
		refusedOf(&p, "a", 1000)
		p.adjust(5 * bearable)
	}
	if n := refusedOf(&p, "a", 1000); n < 950 || n == 1000 {
		t.Errorf("%d of 1000 refused; some are to be let in", n)
	}
	for range 10 {
		refusedOf(&p, "a", 1000)
		p.adjust(0)
	}
	if n := refusedOf(&p, "a", 1000); n != 0 {
		t.Errorf("%d refused once nothing waits", n)
	}
}

func TestWhoAsksForLittleIsNotRefusedForTheOthersSake(t *testing.T) {
	var p Pressure
	calls := map[string]int{"greedy": 3000, "large": 900, "modest": 20, "small": 80}
	for range 7 { // to a part of 0.7
		for key, n := range calls {
			refusedOf(&p, key, n)
		}
		p.adjust(5 * bearable)
	}
	for key, n := range calls {
		refused := refusedOf(&p, key, n)
		switch key {
		case "modest", "small":
			if refused > 0 {
				t.Errorf("%s: %d of %d refused", key, refused, n)
			}
		default: // 0.3 × 4,000 are let in, 100 of them of the two: 550 each
			if let := n - refused; let < 450 || let > 650 {
				t.Errorf("%s: %d of %d let in, want about 550", key, let, n)
			}
		}
	}
}

func TestKeysAreForgottenAndBounded(t *testing.T) {
	var p Pressure
	count := func() (n int) {
		p.keys.Range(func(any, any) bool { n++; return true })
		return n
	}
	var callers sync.WaitGroup
	for worker := range 4 {
		callers.Go(func() {
			for i := range 3 * pressureKeys {
				p.refuses(fmt.Sprint(worker, i))
			}
		})
	}
	callers.Wait()
	if n := count(); n < pressureKeys || n > pressureKeys+8 {
		t.Errorf("%d keys are told apart, want about %d", n, pressureKeys)
	}
	p.adjust(0)
	p.adjust(0)
	if n := count(); n != 0 || p.n.Load() != 0 {
		t.Errorf("%d keys (counted %d) that call no more are remembered", n, p.n.Load())
	}
}

// A service that can do so much in 20 ms, of which an answer takes 1 and a refusal
// a quarter, is offered a multiple of that for two seconds. What waits is what it
// did not get to.
func TestTheProcessorsKeepUpWhateverIsOffered(t *testing.T) {
	for _, multiple := range []float64{.5, .9, 1.5, 2, 3} {
		var p Pressure
		const capacity = 240.
		var backlog, answered, longest float64
		for tick := range 200 {
			offered := multiple * capacity
			p.of("a").calls.Add(int64(offered))
			refused := offered * float64(p.of("a").refused.Load()) / (1 << 16)
			backlog = max(0, backlog+(offered-refused)+refused/4-capacity)
			waits := time.Duration(backlog / capacity / 2 * float64(pressureEvery))
			p.adjust(waits)
			if tick >= 100 { // once it has settled
				answered += offered - refused
				longest = max(longest, float64(waits)/float64(bearable))
			}
		}
		answered /= 100 * capacity
		want := min(multiple, (1-multiple/4)/.75) // answered + refused/4 = capacity
		if math.Abs(answered-want) > .15 || longest > 3 {
			t.Errorf("%.1f times: answered %.2f of the capacity, want %.2f; the longest wait was %.1f times what is bearable", multiple, answered, want, longest)
		}
	}
}
