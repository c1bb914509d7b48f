package predictor

import (
	"testing"
	"testing/synctest"
	"time"
)

// spendAll makes as many retries as it may, and returns how many.
func spendAll(b *budget) (made int) {
	for b.spend() {
		made++
	}
	return made
}

func TestRetriesAreAPartOfAllCallsAndAFewASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		if made := spendAll(b); made != retrySavings+retriesPerSecond {
			t.Errorf("%d retries at first", made)
		}
		for range 100 {
			b.earn()
		}
		if made := spendAll(b); made < 100*retryShare-1 || made > 100*retryShare { // sums of .2 are not whole
			t.Errorf("%d retries after 100 calls", made)
		}
		for range 10_000 {
			b.earn()
		}
		if made := spendAll(b); made != retrySavings {
			t.Errorf("%d retries after very many calls", made)
		}
		time.Sleep(2 * time.Second)
		if made := spendAll(b); made != retriesPerSecond { // what was not used is not kept
			t.Errorf("%d retries after 2 s without calls", made)
		}
	})
}

// Hosts that fail every other call are never left alone: only the budget holds
// retries down.
func TestAnOutageIsNotDoubledByRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, calls := newBudget(), 0
		const wanted = 10_000
		for range wanted {
			b.earn()
			calls++
			if b.spend() {
				calls++
			}
			time.Sleep(10 * time.Millisecond)
		}
		most := wanted*(1+retryShare) + retrySavings + retriesPerSecond*(1+wanted/100)
		if float64(calls) > most || float64(calls) < wanted*(1+retryShare) {
			t.Errorf("%d calls for %d that were wanted, want at most %v", calls, wanted, most)
		}
	})
}
