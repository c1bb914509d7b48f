package load

import (
	"fmt"
	"sync/atomic"
)

// Strides through the recorded transactions, from one that is asked about to the
// next.
const (
	// InOrder asks in the order of recording, as payments are asked about in life.
	InOrder = 1
	// AnyOrder asks about neighbours that are far apart. It is a prime: all that is
	// needed is that it has no divisor in common with the number of transactions.
	AnyOrder = 7_368_787
)

// IDs is a share of the recorded transactions that nobody else draws from: the
// places First up to Last in the order of asking. An id is never drawn twice.
type IDs struct {
	Recorded    int64 // transactions in the store
	Stride      int64
	First, Last int64 // Last is not included

	drawn atomic.Int64
}

// Number is the n-th transaction that is asked about.
func Number(n, stride, recorded int64) int64 { return stride % recorded * n % recorded }

// ID is how a recorded transaction is called.
func ID(number int64) string { return fmt.Sprintf("b%08d", number) }

// Next draws an id. ok is false once none is left.
func (ids *IDs) Next() (id string, ok bool) {
	n := ids.First + ids.drawn.Add(1) - 1
	if n >= ids.Last {
		return "", false
	}
	return ID(Number(n, ids.Stride, ids.Recorded)), true
}

// After is what is left once the first used were drawn.
func (ids *IDs) After(used int64) *IDs {
	return &IDs{Recorded: ids.Recorded, Stride: ids.Stride, First: ids.First + used, Last: ids.Last}
}

// Drawn counts those that were drawn.
func (ids *IDs) Drawn() int64 { return min(ids.drawn.Load(), ids.Last-ids.First) }

// Ledger gives out shares of one store's transactions.
type Ledger struct {
	Recorded int64
	Stride   int64
	next     int64
}

// Left counts the transactions that were in no share yet.
func (l *Ledger) Left() int64 { return l.Recorded - l.next }

// Share gives out n transactions. What is not used of them is to be given back
// before the next Share.
func (l *Ledger) Share(n int64) (*IDs, error) {
	if n > l.Left() {
		return nil, fmt.Errorf("%d transactions are asked for and %d are left that were never assessed", n, l.Left())
	}
	ids := &IDs{Recorded: l.Recorded, Stride: l.Stride, First: l.next, Last: l.next + n}
	l.next += n
	return ids, nil
}

// GiveBack returns what was not drawn of the last share, used being drawn.
func (l *Ledger) GiveBack(ids *IDs, used int64) { l.next = ids.First + used }
