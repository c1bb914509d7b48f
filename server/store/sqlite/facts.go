package sqlite

import (
	"math"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// account is what is recorded of an account, and what this call adds.
type account struct {
	seq      int64
	openedAt int64 // in microseconds, as all times here
	stored   int64 // transactions from before this call
	latest   int64
	added    []int64 // times of this call's transactions
}

func (a *account) transactions() int64 { return a.stored + int64(len(a.added)) }

// isLate reports whether transactions recorded before this call may be later
// than one at time t, so that they must be counted.
func (a *account) isLate(t int64) bool { return a.stored > 0 && t < a.latest }

// add adds a transaction to the account and computes the facts that depend on
// it. later is how many of the stored transactions have a later time.
func (a *account) add(t fraud.Transaction, later int64) (age, number int32) {
	at := t.Time.UnixMicro()
	if a.transactions() == 0 {
		a.openedAt, a.latest = at, at
		if !t.AccountOpenedAt.IsZero() {
			a.openedAt = t.AccountOpenedAt.UnixMicro()
		}
	}
	notAfter := a.stored - later + 1
	if at >= a.latest {
		notAfter = a.transactions() + 1
	} else {
		for _, before := range a.added {
			if before <= at {
				notAfter++
			}
		}
	}
	a.added = append(a.added, at)
	a.latest = max(a.latest, at)
	return capped((at - a.openedAt) / 1e6), capped(notAfter)
}

// capped fits n into the 32 bits that models are given.
func capped(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }
