package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const setBack = 60 // how often the clock is set back

// testClock tests what was recorded as the clock was set back again and again:
// what came later has an earlier time.
func testClock(t *testing.T, open func(t *testing.T) fraud.Store) {
	s := open(t)
	made := recordBackwards(t, s)
	t.Run("lists have everything once, by time", func(t *testing.T) { testClockLists(t, s, made) })
	t.Run("the feed has everything once, as it was recorded", func(t *testing.T) { testClockFeed(t, s, made) })
	t.Run("summaries count everything, when it was made", func(t *testing.T) {
		counts := summarize(t, s, fraud.Buckets{From: start.Add(-setBack / 3 * time.Minute), Minutes: 1, Number: setBack/3 + 1})
		equal(t, "the minute before all", counts[0].Assessed, 0)
		for _, c := range counts[1:] {
			equal(t, "a minute", []int64{c.Assessed, c.Frauds, c.Legitimates}, []int64{3, 3, 0})
		}
	})
	t.Run("facts are those of the order of arrival", func(t *testing.T) {
		for _, l := range made {
			f := l.Assessment.Transaction.Facts
			equal(t, "facts", []int32{f.NumberOfTransactions, f.TransactionsLastWeek, f.AgeOfAccount, f.SecondsSincePrevious}, []int32{1, 1, 0, 0})
		}
	})
}

// recordBackwards returns the assessments with the outcomes that stand, in the
// order they were recorded. Three each are of the same time.
func recordBackwards(t *testing.T, s fraud.Store) (made []fraud.Listed) {
	t.Helper()
	for i := range setBack {
		id, seconds := fmt.Sprint("t", i), time.Duration(i)*time.Second
		record(t, s, at(id, "account", -i))
		a := assessment(find(t, s, id)[0], "v1", float64(i)/setBack)
		a.AssessedAt = start.Add(-time.Duration(i/3) * time.Minute)
		assess(t, s, a)
		// The newest to become known arrives first, and stands.
		stands := report(t, s, outcome(id, fraud.OutcomeFraud, start.Add(-seconds)))[0].Outcome
		report(t, s, outcome(id, fraud.OutcomeLegitimate, start.Add(-seconds-time.Second)))
		made = append(made, fraud.Listed{Assessment: fromRecord(a), Outcome: &stands})
	}
	return made
}

func testClockLists(t *testing.T, s fraud.Store, made []fraud.Listed) {
	want := slices.Clone(made)
	slices.Reverse(want) // of equal times the last recorded comes first
	slices.SortStableFunc(want, func(a, b fraud.Listed) int { return b.Assessment.AssessedAt.Compare(a.Assessment.AssessedAt) })
	for _, limit := range []int{1, 7, setBack} {
		equal(t, fmt.Sprint("pages of ", limit), walk(t, s, fraud.Query{Limit: limit}), want)
	}
	equal(t, "those whose outcome stands", walk(t, s, fraud.Query{Limit: 7, Outcome: fraud.OutcomeFraud}), want)
	span := fraud.Query{Limit: 4, From: start.Add(-5 * time.Minute), To: start.Add(-3 * time.Minute)}
	equal(t, "two minutes of them", walk(t, s, span), want[12:18])
}

func testClockFeed(t *testing.T, s fraud.Store, made []fraud.Listed) {
	var got []fraud.Listed
	for _, item := range feedAssessments(t, s, fraud.Query{}, whole(t, s), setBack+1) {
		got = append(got, item.Listed)
	}
	equal(t, "assessments", got, made)
	reports := feedOutcomes(t, s, fraud.Span{UpTo: feedEnd(t, s).Outcome}, 2*setBack+1)
	if len(reports) != 2*setBack {
		t.Fatalf("%d reports, want %d", len(reports), 2*setBack)
	}
	for i := range made {
		equal(t, "report", reports[2*i].Outcome, *made[i].Outcome)
	}
}
