package sqlite

import (
	"math"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// The columns of all facts, and of those that are not handed in.
const (
	factColumns     = `account_id, amount, currency, time, ` + computedColumns
	computedColumns = `age_of_account, number_of_transactions, seconds_since_previous,
		amount_last_hour, amount_last_day, amount_last_week, transactions_last_week`
)

// facts reads factColumns. Most rows have the currency of the one before them.
func (r *row) facts(before fraud.Facts) fraud.Facts {
	return fraud.Facts{AccountID: r.text(), Amount: r.float(), Currency: r.textLike(before.Currency),
		Time: r.time(), AgeOfAccount: r.int32(), NumberOfTransactions: r.int32(), SecondsSincePrevious: r.int32(),
		AmountLastHour: r.float(), AmountLastDay: r.float(), AmountLastWeek: r.float(), TransactionsLastWeek: r.int32()}
}

// computed binds computedColumns.
func (p *params) computed(f *fraud.Facts) {
	p.int(int64(f.AgeOfAccount))
	p.int(int64(f.NumberOfTransactions))
	p.int(int64(f.SecondsSincePrevious))
	p.float(f.AmountLastHour)
	p.float(f.AmountLastDay)
	p.float(f.AmountLastWeek)
	p.int(int64(f.TransactionsLastWeek))
}

// The windows of facts, in microseconds, as all times here.
const (
	second = 1_000_000
	hour   = 3_600 * second
	day    = 86_400 * second
	week   = 604_800 * second
)

// never is before all times.
const never = math.MinInt64

// account is what is recorded of an account, and what this call adds.
type account struct {
	seq      int64
	openedAt int64
	stored   int64     // transactions from before this call
	latest   int64     // the latest time of them; once facts are frozen, of all
	rows     []int     // this call's transactions, by their place in it
	recent   []payment // those stored that may be in the week before one of rows
}

// payment is what counts of a transaction for later ones of its account.
type payment struct {
	at     int64
	amount float64
}

// standing is where a transaction stands among those stored of its account.
type standing struct {
	stored   int64 // how many there are
	later    int64 // how many of them have a later time
	previous int64 // the latest time of the others, or never
}

func (a *account) transactions() int64 { return a.stored + int64(len(a.rows)) }

// isLate reports whether stored transactions may be later than one at time t, so
// that they must be counted.
func (a *account) isLate(t int64) bool { return a.stored > 0 && t < a.latest }

// asLatest is where a transaction stands that is not late.
func (a *account) asLatest() standing {
	if a.stored == 0 {
		return standing{previous: never}
	}
	return standing{stored: a.stored, previous: a.latest}
}

// freeze computes the facts of this call's transactions of the account, one
// after the other as they arrived. standings and facts have one for each
// transaction of the call.
func (a *account) freeze(l *timeline, call []fraud.Transaction, standings []standing, facts []fraud.Facts) {
	if first := call[a.rows[0]]; a.stored == 0 {
		a.openedAt, a.latest = first.Time.UnixMicro(), first.Time.UnixMicro()
		if !first.AccountOpenedAt.IsZero() {
			a.openedAt = first.AccountOpenedAt.UnixMicro()
		}
	}
	l.fill(a.recent, a.rows, call)
	for i, row := range a.rows {
		at := call[row].Time.UnixMicro()
		own := tally{count: 1, added: 1, latest: at, sum: exact{call[row].Amount, 0}}
		facts[row] = factsOf(l, standings[row], own, at-a.openedAt)
		l.add(i, own)
		a.latest = max(a.latest, at)
	}
}

// factsOf computes the facts of a transaction that l does not have yet.
func factsOf(l *timeline, stands standing, own tally, age int64) fraud.Facts {
	at := own.latest
	lastHour := l.between(at-hour, at)
	lastDay := l.between(at-day, at-hour).and(lastHour)
	lastWeek := l.between(at-week, at-day).and(lastDay)
	before := l.between(never, at-week).and(lastWeek)
	since := age
	if previous := max(stands.previous, before.latest); previous != never {
		since = at - previous
	}
	return fraud.Facts{
		AgeOfAccount:         capped(age / second),
		NumberOfTransactions: capped(stands.stored - stands.later + before.added + 1),
		SecondsSincePrevious: capped(since / second),
		AmountLastHour:       lastHour.and(own).sum.float(),
		AmountLastDay:        lastDay.and(own).sum.float(),
		AmountLastWeek:       lastWeek.and(own).sum.float(),
		TransactionsLastWeek: capped(lastWeek.count + 1),
	}
}

// capped fits n into the 32 bits that models are given.
func capped(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }
