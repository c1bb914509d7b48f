package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testRecord(t *testing.T, open func(t *testing.T) fraud.Store) {
	changed := func(change func(*fraud.Transaction)) fraud.Transaction {
		p := payment("a")
		change(&p)
		return p
	}
	s := open(t)
	for _, test := range []struct {
		name  string
		again fraud.Transaction
		want  string
	}{
		{"the same facts are already recorded", payment("a"), already},
		{"another instant within the microsecond is the same", changed(func(p *fraud.Transaction) { p.Time = p.Time.Add(999) }), already},
		{"another zone is the same instant", changed(func(p *fraud.Transaction) { p.Time = p.Time.In(time.FixedZone("", 7200)) }), already},
		{"another opening is not of the transaction", changed(func(p *fraud.Transaction) { p.AccountOpenedAt = start.Add(-time.Hour) }), already},
		{"another key may repeat it", changed(func(p *fraud.Transaction) { p.RecordedBy = "importer" }), already},
		{"another account differs", changed(func(p *fraud.Transaction) { p.AccountID = "Account" }), fraud.ReasonFactsDiffer},
		{"another amount differs", changed(func(p *fraud.Transaction) { p.Amount = math.Nextafter(p.Amount, 13) }), fraud.ReasonFactsDiffer},
		{"another currency differs", changed(func(p *fraud.Transaction) { p.Currency = "" }), fraud.ReasonFactsDiffer},
		{"another microsecond differs", changed(func(p *fraud.Transaction) { p.Time = p.Time.Add(time.Microsecond) }), fraud.ReasonFactsDiffer},
		{"another ID is another transaction", changed(func(p *fraud.Transaction) { p.ID = "b" }), isNew},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, apart := range []bool{true, false} {
				first, again := payment("a"), test.again
				prefix := fmt.Sprintf("%s %t ", test.name, apart)
				first.ID, again.ID = prefix+first.ID, prefix+again.ID
				var results []string
				if apart {
					results = append(record(t, s, first), record(t, s, again)...)
				} else {
					results = record(t, s, first, again)
				}
				equal(t, "results", results, []string{isNew, test.want})
				equal(t, "what is recorded", find(t, s, first.ID)[0].Facts.Amount, first.Amount)
			}
		})
	}
	t.Run("a bad row fails alone", func(t *testing.T) { testBadRow(t, open(t)) })
	t.Run("what is refused does not count", func(t *testing.T) { testRefusedDoesNotCount(t, open(t)) })
	t.Run("values come back to the bit", func(t *testing.T) { testValuesComeBack(t, open(t)) })
	t.Run("IDs are compared byte by byte", func(t *testing.T) { testIDs(t, open(t)) })
	t.Run("numbers are given in order, above 0", func(t *testing.T) { testNumbers(t, open(t)) })
	t.Run("a large call is one call", func(t *testing.T) { testLargeCall(t, open(t)) })
}

func testBadRow(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"))
	other := payment("a")
	other.Amount++
	equal(t, "results", record(t, s, payment("b"), other, payment("a"), payment("c"), other),
		[]string{isNew, fraud.ReasonFactsDiffer, already, isNew, fraud.ReasonFactsDiffer})
}

func testRefusedDoesNotCount(t *testing.T, s fraud.Store) {
	other := payment("a")
	other.Amount++
	record(t, s, payment("a"), payment("a"), other)
	record(t, s, payment("a"), other, payment("b"))
	equal(t, "the number of the next", find(t, s, "b")[0].Facts.NumberOfTransactions, 2)
}

func testValuesComeBack(t *testing.T, s fraud.Store) {
	transactions := []fraud.Transaction{}
	for i, amount := range []float64{0.1, math.Nextafter(1, 2), 1e15 + 0.3, 123456789.012345678, 3,
		math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, 1 << 63} {
		p := payment(string(rune('a' + i)))
		p.AccountID, p.Amount, p.Currency = p.ID, amount, []string{"", "EUR", "XTS"}[i%3]
		p.Time = []time.Time{
			start.Add(1234567), // nanoseconds are cut off
			time.Unix(0, -1),   // downwards, before the epoch too
			time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC),
			time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
			start.In(time.FixedZone("east", 3*3600)), // and come back in UTC
		}[i%5]
		transactions = append(transactions, p)
	}
	record(t, s, transactions...)
	for _, p := range transactions {
		found := find(t, s, p.ID)[0]
		equal(t, "recorded", found, fraud.Recorded{Seq: found.Seq, ID: p.ID, Facts: fraud.Facts{
			AccountID: p.AccountID, Amount: p.Amount, Currency: p.Currency,
			Time: time.UnixMicro(p.Time.UnixMicro()).UTC(), NumberOfTransactions: 1,
			AmountLastHour: p.Amount, AmountLastDay: p.Amount, AmountLastWeek: p.Amount, TransactionsLastWeek: 1,
		}})
	}
}

// similarIDs would be one to a store that folds case, trims or collates.
var similarIDs = []string{"a", "A", "a.", "a:", "a-", "a_", "aa", "0", "00", "0.0", "1e0", "1"}

func testIDs(t *testing.T, s fraud.Store) {
	for _, id := range similarIDs {
		p := payment(id)
		p.AccountID = id
		equal(t, id, record(t, s, p), []string{isNew})
	}
	for i, r := range find(t, s, similarIDs...) {
		equal(t, "ID", r.ID, similarIDs[i])
		equal(t, "account", r.Facts.AccountID, similarIDs[i])
		equal(t, "the account's first", r.Facts.NumberOfTransactions, 1)
	}
}

func testNumbers(t *testing.T, s fraud.Store) {
	record(t, s, payment("b"), payment("a"), payment("b"))
	record(t, s, payment("c"))
	last := int64(0)
	for _, r := range find(t, s, "b", "a", "c") {
		if r.Seq <= last {
			t.Errorf("%s has number %d behind %d", r.ID, r.Seq, last)
		}
		last = r.Seq
	}
}

func testLargeCall(t *testing.T, s fraud.Store) {
	const n = 1_234
	var transactions []fraud.Transaction
	var ids []string
	for i := range n {
		id := "t" + time.Duration(i).String()
		transactions = append(transactions, at(id, "account", i))
		ids = append(ids, id)
	}
	for i, word := range record(t, s, transactions...) {
		if word != isNew {
			t.Fatalf("row %d: %s", i, word)
		}
	}
	last := int64(0)
	for i, r := range find(t, s, ids...) {
		if r.Seq <= last || r.ID != ids[i] || r.Facts.NumberOfTransactions != int32(i+1) {
			t.Fatalf("row %d: %+v", i, r)
		}
		last = r.Seq
	}
}
