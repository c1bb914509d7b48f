package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// window has the windows that sums are over.
var window = struct{ hour, day, week time.Duration }{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}

func testRecentFacts(t *testing.T, s fraud.Store) {
	const µs, sec = time.Microsecond, time.Second
	hour, day, week := window.hour, window.day, window.week
	type row struct {
		account          string
		at               time.Duration // from start
		amount           float64
		since            int32
		inHour, inDay    float64
		inWeek           float64
		countInWeek      int32
		openedBeforeThat time.Duration // if not 0
	}
	for _, test := range []struct {
		name string
		rows []row
	}{
		{"the first has the account's age", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"b", 0, 2, 90, 2, 2, 2, 1, 90 * sec}}},
		{"the time since is in whole seconds", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", 2*sec - µs, 2, 1, 3, 3, 3, 2, 0}, {"a", 3*sec - µs, 4, 1, 7, 7, 7, 3, 0}}},
		{"ties come in order of arrival", []row{{"a", 0, 1, 7, 1, 1, 1, 1, 7 * sec}, {"a", 0, 2, 0, 3, 3, 3, 2, 0}, {"a", 0, 4, 0, 7, 7, 7, 3, 0}}},
		{"an hour ago is beyond the hour", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", µs, 2, 0, 3, 3, 3, 2, 0}, {"a", hour, 4, 3599, 6, 7, 7, 3, 0}}},
		{"a day ago is beyond the day", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", µs, 2, 0, 3, 3, 3, 2, 0}, {"a", day, 4, 86_399, 4, 6, 7, 3, 0}}},
		{"a week ago is beyond the week", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", µs, 2, 0, 3, 3, 3, 2, 0}, {"a", week, 4, 604_799, 4, 4, 6, 2, 0}}},
		{"after a week of silence it is alone", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", week, 2, 604_800, 2, 2, 2, 1, 0}, {"a", 3 * week, 4, 1_209_600, 4, 4, 4, 1, 0}}},
		{"a late row has those not after it", []row{
			{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", 20 * sec, 2, 20, 3, 3, 3, 2, 0}, {"a", 10 * sec, 4, 10, 5, 5, 5, 2, 0}, {"a", 21 * sec, 8, 1, 15, 15, 15, 4, 0}}},
		{"a late tie has its equals", []row{
			{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", 10 * sec, 2, 10, 3, 3, 3, 2, 0}, {"a", 20 * sec, 4, 10, 7, 7, 7, 3, 0}, {"a", 10 * sec, 8, 0, 11, 11, 11, 3, 0}}},
		{"a row before all has the account's age", []row{
			{"a", day, 1, 172_800, 1, 1, 1, 1, 2 * day}, {"a", 0, 2, 86_400, 2, 2, 2, 1, 0}, {"a", -2 * day, 4, 0, 4, 4, 4, 1, 0}}},
		{"a late row looks back beyond the week", []row{
			{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", 9 * week, 2, 5_443_200, 2, 2, 2, 1, 0}, {"a", 2 * week, 4, 1_209_600, 4, 4, 4, 1, 0}, {"a", 4 * week, 8, 1_209_600, 8, 8, 8, 1, 0}}},
		{"rows far apart in any order", []row{
			{"a", 4 * week, 1, 0, 1, 1, 1, 1, 0}, {"a", 0, 2, 0, 2, 2, 2, 1, 0}, {"a", 2 * week, 4, 1_209_600, 4, 4, 4, 1, 0},
			{"a", 4*week + sec, 8, 1, 9, 9, 9, 2, 0}, {"a", sec, 16, 1, 18, 18, 18, 2, 0}, {"a", 2*week + day, 32, 86_400, 32, 32, 36, 2, 0}}},
		{"accounts do not add up each other's", []row{
			{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"b", 5 * sec, 2, 0, 2, 2, 2, 1, 0}, {"a", 10 * sec, 4, 10, 5, 5, 5, 2, 0}, {"A", 9 * sec, 8, 0, 8, 8, 8, 1, 0}}},
		{"the time since is capped", []row{{"a", 0, 1, 0, 1, 1, 1, 1, 0}, {"a", 100 * 53 * week, 2, math.MaxInt32, 2, 2, 2, 1, 0}}},
		{"sums are capped", []row{
			{"a", 0, math.MaxFloat64, 0, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, 1, 0},
			{"a", 0, 1, 0, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, 2, 0},
			{"a", 0, math.MaxFloat64, 0, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, 3, 0},
			{"a", hour, 5, 3600, 5, math.MaxFloat64, math.MaxFloat64, 4, 0}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var transactions []fraud.Transaction
			for _, r := range test.rows {
				p := at("", r.account, 0)
				p.Time, p.Amount = start.Add(r.at), r.amount
				if r.openedBeforeThat != 0 {
					p.AccountOpenedAt = p.Time.Add(-r.openedBeforeThat)
				}
				transactions = append(transactions, p)
			}
			inCallsOfEachSize(t, s, test.name, transactions, func(which string, i int, got fraud.Facts) {
				r := test.rows[i]
				equal(t, "seconds since the one before "+which, got.SecondsSincePrevious, r.since)
				equal(t, "amount of the hour to "+which, got.AmountLastHour, r.inHour)
				equal(t, "amount of the day to "+which, got.AmountLastDay, r.inDay)
				equal(t, "amount of the week to "+which, got.AmountLastWeek, r.inWeek)
				equal(t, "number of the week to "+which, got.TransactionsLastWeek, r.countInWeek)
			})
		})
	}
}

// testFrozen looks at facts again once late rows have come.
func testFrozen(t *testing.T, s fraud.Store) {
	record(t, s, at("a", "account", 0), at("b", "account", 60))
	before := find(t, s, "a", "b")
	record(t, s, at("c", "account", 30), at("d", "account", -30), at("e", "account", 0))
	equal(t, "what was recorded first", find(t, s, "a", "b"), before)
}
