package reckon

import (
	"cmp"
	"math"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Timeline adds up an account's transactions between two times. It knows from
// the start when a call's transactions are, and counts each once it is added. As
// it adds up by a tree, n of them among m stored ones take time in the order of
// m + n·log(m+n), in whatever order they come.
type Timeline struct {
	entries []entry // in order of time
	places  []int   // of the call's transactions among entries
	// Node i has all that 2i and 2i+1 have; the last half is of the entries. For
	// one transaction it is not worth while to make them, and there are none.
	nodes []tally
}

type entry struct {
	at    int64
	added int // the call's transaction, by its place in the account's rows; -1: a stored one
	tally
}

// tally is what transactions come to.
type tally struct {
	count  int64
	added  int64 // those of this call
	latest int64 // the latest time, or Never
	sum    exact
}

var nothing = tally{latest: Never}

func (t tally) and(o tally) tally {
	return tally{t.count + o.count, t.added + o.added, max(t.latest, o.latest), t.sum.plus(o.sum)}
}

// fill begins anew, with the stored transactions.
func (l *Timeline) fill(stored []Payment, rows []int, call []fraud.Transaction) {
	l.entries, l.places = l.entries[:0], slices.Grow(l.places[:0], len(rows))[:len(rows)]
	for _, p := range stored {
		l.entries = append(l.entries, entry{p.At, -1, tally{count: 1, latest: p.At, sum: exact{p.Amount, 0}}})
	}
	for i, row := range rows {
		l.entries = append(l.entries, entry{call[row].Time.UnixMicro(), i, nothing})
	}
	slices.SortFunc(l.entries, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	if l.nodes = l.nodes[:0]; len(rows) > 1 {
		l.grow()
	}
}

func (l *Timeline) grow() {
	n := len(l.entries)
	l.nodes = slices.Grow(l.nodes, 2*n)[:2*n]
	for i, e := range l.entries {
		if l.nodes[n+i] = e.tally; e.added >= 0 {
			l.places[e.added] = i
		}
	}
	for i := n - 1; i > 0; i-- {
		l.nodes[i] = l.nodes[2*i].and(l.nodes[2*i+1])
	}
}

// add counts a transaction of the call from now on.
func (l *Timeline) add(i int, t tally) {
	if len(l.nodes) == 0 {
		return // nobody asks
	}
	node := len(l.entries) + l.places[i]
	l.nodes[node] = t
	for node /= 2; node > 0; node /= 2 {
		l.nodes[node] = l.nodes[2*node].and(l.nodes[2*node+1])
	}
}

// between adds up those after one time and not after another.
func (l *Timeline) between(after, upTo int64) tally {
	total := nothing
	from, to := l.firstAfter(after), l.firstAfter(upTo)
	if len(l.nodes) == 0 {
		for _, e := range l.entries[from:to] {
			total = total.and(e.tally)
		}
		return total
	}
	for from, to = from+len(l.entries), to+len(l.entries); from < to; from, to = from/2, to/2 {
		if from%2 == 1 {
			total = total.and(l.nodes[from])
			from++
		}
		if to%2 == 1 {
			to--
			total = total.and(l.nodes[to])
		}
	}
	return total
}

func (l *Timeline) firstAfter(t int64) int {
	i, _ := slices.BinarySearchFunc(l.entries, t, func(e entry, t int64) int {
		if e.at <= t {
			return -1
		}
		return 1
	})
	return i
}

// exact is a sum in two doubles, the second being what the first cannot hold.
// Sums of money fit into their 106 bits, so that they are exact and the same in
// whatever order, and whether SQLite, which adds up the same way, or this did it.
type exact struct{ high, low float64 }

func (a exact) plus(b exact) exact {
	high := a.high + b.high
	part := high - a.high
	low := (a.high - (high - part)) + (b.high - part) + (a.low + b.low)
	sum := high + low
	return exact{sum, low - (sum - high)}
}

// float is the nearest double. Sums of amounts are beyond all doubles at worst:
// then they are neither less than one nor, after some more steps, a number.
func (a exact) float() float64 {
	if a.high <= math.MaxFloat64 {
		return a.high
	}
	return math.MaxFloat64
}
