package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testFacts(t *testing.T, open func(t *testing.T) fraud.Store) {
	const year = 365 * 24 * 3600
	type row struct {
		account     string
		time        int // seconds after start
		opened      int // seconds after start, if not 0
		age, number int32
	}
	s := open(t)
	for _, test := range []struct {
		name string
		rows []row
	}{
		{"an account opens with its first transaction", []row{{"a", 0, 0, 0, 1}, {"a", 60, 0, 60, 2}}},
		{"an opening given first counts", []row{{"a", 0, -90, 90, 1}, {"a", 60, 0, 150, 2}}},
		{"an opening given later does not", []row{{"a", 0, 0, 0, 1}, {"a", 60, -90, 60, 2}}},
		{"a second opening does not", []row{{"a", 0, -90, 90, 1}, {"a", 60, -5, 150, 2}}},
		{"before the opening the age is 0", []row{{"a", 0, 30, 0, 1}, {"a", 29, 0, 0, 2}, {"a", 31, 0, 1, 3}}},
		{"before the first transaction the age is 0", []row{{"a", 60, 0, 0, 1}, {"a", 0, 0, 0, 1}}},
		{"the age is capped", []row{{"a", 0, -100 * year, math.MaxInt32, 1}}},
		{"ties count in order of arrival", []row{{"a", 0, 0, 0, 1}, {"a", 0, 0, 0, 2}, {"a", 0, 0, 0, 3}}},
		{"a late row counts those not after it", []row{
			{"a", 0, 0, 0, 1}, {"a", 10, 0, 10, 2}, {"a", 20, 0, 20, 3}, {"a", 15, 0, 15, 3}, {"a", 30, 0, 30, 5}}},
		{"a late tie counts its equals", []row{
			{"a", 0, 0, 0, 1}, {"a", 10, 0, 10, 2}, {"a", 20, 0, 20, 3}, {"a", 10, 0, 10, 3}, {"a", 10, 0, 10, 4}}},
		{"rows that come late and later still", []row{
			{"a", 50, 0, 0, 1}, {"a", 40, 0, 0, 1}, {"a", 30, 0, 0, 1}, {"a", 45, 0, 0, 3}, {"a", 35, 0, 0, 2}}},
		{"accounts do not count each other's", []row{
			{"a", 0, 0, 0, 1}, {"b", 5, 0, 0, 1}, {"a", 10, 0, 10, 2}, {"b", 2, 0, 0, 1}, {"A", 9, 0, 0, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var transactions []fraud.Transaction
			for _, r := range test.rows {
				p := at("", r.account, r.time)
				if r.opened != 0 {
					p.AccountOpenedAt = start.Add(time.Duration(r.opened) * time.Second)
				}
				transactions = append(transactions, p)
			}
			inCallsOfEachSize(t, s, test.name, transactions, func(which string, i int, got fraud.Facts) {
				equal(t, "age of "+which, got.AgeOfAccount, test.rows[i].age)
				equal(t, "number of "+which, got.NumberOfTransactions, test.rows[i].number)
			})
		})
	}
	t.Run("the age is in whole seconds", func(t *testing.T) { testWholeSeconds(t, open(t)) })
	testRecentFacts(t, open(t))
	t.Run("what was recorded before keeps its facts", func(t *testing.T) { testFrozen(t, open(t)) })
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("a random stream agrees with counting, seed %d", seed), func(t *testing.T) {
			testRandomStream(t, open(t), rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

// inCallsOfEachSize records transactions in calls of one, of two and so on, each
// time as others of other accounts: however calls divide them, their facts are
// the same.
func inCallsOfEachSize(t *testing.T, s fraud.Store, name string, transactions []fraud.Transaction, check func(which string, i int, got fraud.Facts)) {
	t.Helper()
	for size := 1; size <= len(transactions); size++ {
		var ids []string
		var others []fraud.Transaction
		for i, p := range transactions {
			p.ID = fmt.Sprintf("%s %d %d", name, size, i)
			p.AccountID = fmt.Sprintf("%s %d %s", name, size, p.AccountID)
			ids, others = append(ids, p.ID), append(others, p)
		}
		for call := range slices.Chunk(others, size) {
			record(t, s, call...)
		}
		for i, known := range find(t, s, ids...) {
			check(fmt.Sprintf("row %d in calls of %d", i, size), i, known.Facts)
		}
	}
}

func testWholeSeconds(t *testing.T, s fraud.Store) {
	for i, test := range []struct {
		opened, time time.Duration
		want         int32
	}{
		{0, time.Second - time.Microsecond, 0},
		{0, time.Second, 1},
		{time.Microsecond, time.Second, 0},
		{time.Microsecond - 1, time.Second, 1}, // nanoseconds are cut off first
		{time.Microsecond, 0, 0},
		{-500 * time.Millisecond, 500 * time.Millisecond, 1},
	} {
		p := payment(fmt.Sprint(i))
		p.AccountID, p.Time, p.AccountOpenedAt = p.ID, start.Add(test.time), start.Add(test.opened)
		record(t, s, p)
		equal(t, fmt.Sprintf("from %v to %v", test.opened, test.time), find(t, s, p.ID)[0].Facts.AgeOfAccount, test.want)
	}
}

// testRandomStream records calls of random sizes with late rows, ties, repeats
// and rows that differ, and counts for itself.
func testRandomStream(t *testing.T, s fraud.Store, random *rand.Rand) {
	var arrived []fraud.Transaction
	var want []fraud.Recorded
	taken := map[string]fraud.Transaction{}
	for range 20 {
		var call []fraud.Transaction
		var results []string
		for range 1 + random.IntN(25) {
			p := randomPayment(random)
			if len(arrived) > 0 && random.IntN(20) == 0 {
				p = arrived[random.IntN(len(arrived))]
			}
			call = append(call, p)
			switch first, ok := taken[p.ID]; {
			case !ok:
				taken[p.ID] = p
				arrived = append(arrived, p)
				want = append(want, fraud.Recorded{ID: p.ID, Facts: count(arrived)})
				results = append(results, isNew)
			case first.SameFacts(p):
				results = append(results, already)
			default:
				results = append(results, fraud.ReasonFactsDiffer)
			}
		}
		equal(t, "results", record(t, s, call...), results)
	}
	var ids []string
	for _, p := range arrived {
		ids = append(ids, p.ID)
	}
	found := find(t, s, ids...)
	for i := range found {
		want[i].Seq = found[i].Seq // whichever the store gives
	}
	equal(t, "recorded", found, want)
}

// randomPayment is at or beside the edge of windows of others.
func randomPayment(random *rand.Rand) fraud.Transaction {
	p := at(fmt.Sprint(random.IntN(600)), fmt.Sprint(random.IntN(4)), 0)
	for _, step := range []time.Duration{window.week, window.day, window.hour, time.Second, time.Microsecond} {
		p.Time = p.Time.Add(time.Duration(random.IntN(3)) * step)
	}
	p.Amount = float64(1+random.IntN(20)) / 4 // their sums are exact, so that all stores must agree
	if random.IntN(3) == 0 {
		p.AccountOpenedAt = start.Add(time.Duration(random.IntN(80)-60) * time.Hour)
	}
	return p
}

// count computes the facts of the last of those that have arrived, by going
// through all.
func count(arrived []fraud.Transaction) fraud.Facts {
	last := arrived[len(arrived)-1]
	f := fraud.Facts{AccountID: last.AccountID, Amount: last.Amount, Currency: last.Currency, Time: last.Time}
	var opened, previous time.Time
	for i, p := range arrived {
		if p.AccountID != last.AccountID {
			continue
		}
		if opened.IsZero() {
			opened = p.Time
			if !p.AccountOpenedAt.IsZero() {
				opened = p.AccountOpenedAt
			}
		}
		if p.Time.After(last.Time) {
			continue
		}
		f.NumberOfTransactions++
		if ago := last.Time.Sub(p.Time); ago < window.week {
			f.AmountLastWeek += p.Amount
			f.TransactionsLastWeek++
			if ago < window.day {
				f.AmountLastDay += p.Amount
			}
			if ago < window.hour {
				f.AmountLastHour += p.Amount
			}
		}
		if i < len(arrived)-1 && p.Time.After(previous) {
			previous = p.Time
		}
	}
	f.AgeOfAccount = int32(max(0, last.Time.Sub(opened)/time.Second))
	f.SecondsSincePrevious = f.AgeOfAccount
	if !previous.IsZero() {
		f.SecondsSincePrevious = int32(last.Time.Sub(previous) / time.Second)
	}
	return f
}
