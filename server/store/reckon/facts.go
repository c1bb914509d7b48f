// Package reckon has what every store reckons alike, whatever it keeps its rows
// in: the facts of transactions, which reports say something new, and what
// summaries count.
package reckon

import (
	"math"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// The windows of facts, in microseconds, as all times here.
const (
	second = 1_000_000
	hour   = 3_600 * second
	day    = 86_400 * second
	week   = 604_800 * second
)

// Never is before all times.
const Never = math.MinInt64

// Account is what is recorded of an account, and what a call adds.
type Account struct {
	Seq      int64
	OpenedAt int64
	Stored   int64     // transactions from before this call
	Latest   int64     // the latest time of them; once facts are frozen, of all
	Rows     []int     // the call's transactions, by their place in it
	Recent   []Payment // those stored that may be in the week before one of Rows
}

// Payment is what counts of a transaction for later ones of its account.
type Payment struct {
	At     int64
	Amount float64
}

// Standing is where a transaction stands among those stored of its account.
type Standing struct {
	Stored   int64 // how many there are
	Later    int64 // how many of them have a later time
	Previous int64 // the latest time of the others, or Never
}

// Transactions counts those stored and those of the call.
func (a *Account) Transactions() int64 { return a.Stored + int64(len(a.Rows)) }

// isLate reports whether stored transactions may be later than one at time t, so
// that they must be counted.
func (a *Account) isLate(t int64) bool { return a.Stored > 0 && t < a.Latest }

// AsLatest is where a transaction stands that is not late.
func (a *Account) AsLatest() Standing {
	if a.Stored == 0 {
		return Standing{Previous: Never}
	}
	return Standing{Stored: a.Stored, Previous: a.Latest}
}

// Freeze computes the facts of the call's transactions of the account, one
// after the other as they arrived. standings and facts have one for each
// transaction of the call.
func (a *Account) Freeze(l *Timeline, call []fraud.Transaction, standings []Standing, facts []fraud.Facts) {
	if first := call[a.Rows[0]]; a.Stored == 0 {
		a.OpenedAt, a.Latest = first.Time.UnixMicro(), first.Time.UnixMicro()
		if !first.AccountOpenedAt.IsZero() {
			a.OpenedAt = first.AccountOpenedAt.UnixMicro()
		}
	}
	l.fill(a.Recent, a.Rows, call)
	for i, row := range a.Rows {
		at := call[row].Time.UnixMicro()
		own := tally{count: 1, added: 1, latest: at, sum: exact{call[row].Amount, 0}}
		facts[row] = factsOf(l, standings[row], own, at-a.OpenedAt)
		l.add(i, own)
		a.Latest = max(a.Latest, at)
	}
}

// factsOf computes the facts of a transaction that l does not have yet.
func factsOf(l *Timeline, stands Standing, own tally, age int64) fraud.Facts {
	at := own.latest
	lastHour := l.between(at-hour, at)
	lastDay := l.between(at-day, at-hour).and(lastHour)
	lastWeek := l.between(at-week, at-day).and(lastDay)
	before := l.between(Never, at-week).and(lastWeek)
	since := age
	if previous := max(stands.Previous, before.latest); previous != Never {
		since = at - previous
	}
	return fraud.Facts{
		AgeOfAccount:         capped(age / second),
		NumberOfTransactions: capped(stands.Stored - stands.Later + before.added + 1),
		SecondsSincePrevious: capped(since / second),
		AmountLastHour:       lastHour.and(own).sum.float(),
		AmountLastDay:        lastDay.and(own).sum.float(),
		AmountLastWeek:       lastWeek.and(own).sum.float(),
		TransactionsLastWeek: capped(lastWeek.count + 1),
	}
}

// capped fits n into the 32 bits that models are given.
func capped(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

// Weeks is from the beginning of the week of the first of some times, at least
// one, to the end of the week of the last.
func Weeks(times []int64) (from, to int64) {
	floor := func(at int64) int64 { return at - ((at%week)+week)%week }
	return floor(slices.Min(times)), floor(slices.Max(times)) + week
}
