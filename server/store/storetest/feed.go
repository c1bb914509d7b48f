package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testFeed(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("it has every assessment in the order of recording, whenever they were made", func(t *testing.T) {
		s := open(t)
		equal(t, "the end of nothing", feedEnd(t, s), fraud.Position{})
		all := fill(t, s, 30) // of times that go back and forth
		var got []fraud.Listed
		for _, item := range feedAssessments(t, s, fraud.Query{}, whole(t, s), len(all)+1) {
			got = append(got, item.Listed)
		}
		equal(t, "all", got, all)
	})
	t.Run("every filter agrees with going through all", func(t *testing.T) { testFeedFilters(t, open(t)) })
	t.Run("it has every report in the order of recording, whenever it became known", func(t *testing.T) { testFeedOutcomes(t, open(t)) })
	t.Run("what was recorded before does not come again", func(t *testing.T) { testFeedRepeats(t, open(t)) })
	t.Run("who reads on from where it was misses nothing", func(t *testing.T) { testFeedFollows(t, open(t)) })
}

func feedEnd(t *testing.T, s fraud.Store) fraud.Position {
	t.Helper()
	end, err := s.FeedEnd(t.Context())
	if err != nil {
		t.Fatalf("FeedEnd: %v", err)
	}
	return end
}

// whole spans all assessments.
func whole(t *testing.T, s fraud.Store) fraud.Span {
	t.Helper()
	return fraud.Span{UpTo: feedEnd(t, s).Assessment}
}

func feedAssessments(t *testing.T, s fraud.Store, q fraud.Query, span fraud.Span, limit int) []fraud.FeedAssessment {
	t.Helper()
	items, err := s.FeedAssessments(t.Context(), q, span, limit)
	if err != nil {
		t.Fatalf("FeedAssessments(%+v, %v): %v", q, span, err)
	}
	return items
}

func feedOutcomes(t *testing.T, s fraud.Store, span fraud.Span, limit int) []fraud.FeedOutcome {
	t.Helper()
	items, err := s.FeedOutcomes(t.Context(), span, limit)
	if err != nil {
		t.Fatalf("FeedOutcomes(%v): %v", span, err)
	}
	return items
}

func testFeedFilters(t *testing.T, s fraud.Store) {
	fill(t, s, 40)
	report(t, s, outcome("t7", fraud.OutcomeWithdrawn, start.Add(time.Hour*1000)))
	all := feedAssessments(t, s, fraud.Query{}, whole(t, s), 1000)
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		q := randomQuery(random)
		after := random.Int64N(int64(len(all)))
		span := fraud.Span{After: after, UpTo: after + random.Int64N(int64(len(all))+1-after)}
		var want []fraud.FeedAssessment
		newest := fraud.FeedNewest{}
		for _, item := range all {
			if item.Seq <= span.After || item.Seq > span.UpTo || !meets(item.Listed, q) {
				continue
			}
			want = append(want, item)
			if newest.All++; item.Assessment.Label {
				newest.Flagged++
			}
		}
		newest.Items = want[max(0, len(want)-q.Limit):]
		got, err := s.FeedNewest(t.Context(), q, span, q.Limit)
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("%v %+v", span, q)
		equal(t, "first of "+what, lines(feedAssessments(t, s, q, span, q.Limit)), lines(want[:min(len(want), q.Limit)]))
		equal(t, "newest of "+what, lines(got.Items), lines(newest.Items))
		equal(t, "counts of "+what, []int64{got.All, got.Flagged}, []int64{newest.All, newest.Flagged})
		if t.Failed() {
			return // one is enough to read
		}
	}
}

func testFeedOutcomes(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"), payment("b"))
	first := outcome("a", fraud.OutcomeFraud, start.Add(time.Hour))
	first.Note = "of an hour later"
	want := []fraud.Outcome{first, outcome("b", fraud.OutcomeLegitimate, start),
		outcome("a", fraud.OutcomeWithdrawn, start.Add(time.Minute)), outcome("a", fraud.OutcomeLegitimate, start)}
	for i, r := range append(report(t, s, want[:2]...), report(t, s, want[2:]...)...) {
		want[i] = r.Outcome
	}
	got := feedOutcomes(t, s, fraud.Span{UpTo: feedEnd(t, s).Outcome}, 10)
	if len(got) != len(want) {
		t.Fatalf("%d outcomes, want %d", len(got), len(want))
	}
	for i := range got {
		equal(t, "outcome", got[i].Outcome, want[i])
	}
	equal(t, "the first", feedOutcomes(t, s, fraud.Span{UpTo: got[3].Seq}, 1), got[:1])
	equal(t, "those between", feedOutcomes(t, s, fraud.Span{After: got[0].Seq, UpTo: got[2].Seq}, 10), got[1:3])
	equal(t, "those behind the last", len(feedOutcomes(t, s, fraud.Span{After: got[3].Seq, UpTo: got[3].Seq + 10}, 10)), 0)
}

func testFeedRepeats(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"), payment("b"))
	known := find(t, s, "a", "b")
	assess(t, s, assessment(known[0], "v1", 0.5))
	report(t, s, outcome("a", fraud.OutcomeFraud, start))
	before := feedEnd(t, s)
	assess(t, s, assessment(known[0], "v1", 0.6), assessment(known[1], "v1", 0.7))
	report(t, s, outcome("a", fraud.OutcomeFraud, start))
	span := fraud.Span{After: before.Assessment, UpTo: feedEnd(t, s).Assessment}
	if got := feedAssessments(t, s, fraud.Query{}, span, 10); len(got) != 1 || got[0].Assessment.Transaction.ID != "b" {
		t.Errorf("assessments: %s; want that of b alone", lines(got))
	}
	equal(t, "the end of outcomes", feedEnd(t, s).Outcome, before.Outcome)
}

// testFeedFollows reads on while several write.
func testFeedFollows(t *testing.T, s fraud.Store) {
	const calls, size = 10, 7
	var ids []string
	var transactions []fraud.Transaction
	for i := range callers * calls * size {
		ids = append(ids, fmt.Sprint(i))
		transactions = append(transactions, payment(ids[i]))
	}
	record(t, s, transactions...)
	known := find(t, s, ids...)
	var writing sync.WaitGroup
	written := make(chan error, 1)
	writing.Go(func() {
		_, err := together(func(caller int) (any, error) {
			for call := range calls {
				from := (caller*calls + call) * size
				var assessments []fraud.Assessment
				for _, of := range known[from : from+size] {
					assessments = append(assessments, assessment(of, "v1", 0.5))
				}
				if _, err := s.RecordAssessments(t.Context(), assessments); err != nil {
					return nil, err
				}
				if _, err := s.ReportOutcomes(t.Context(), []fraud.Outcome{outcome(ids[from], fraud.OutcomeFraud, start)}); err != nil {
					return nil, err
				}
			}
			return nil, nil
		})
		written <- err
	})
	defer writing.Wait()
	seen, reported := map[string]int{}, map[string]int{}
	var at fraud.Position
	for over := false; len(seen) < len(ids) || len(reported) < callers*calls; {
		if over {
			t.Fatalf("missed %d assessments and %d outcomes", len(ids)-len(seen), callers*calls-len(reported))
		}
		select {
		case err := <-written: // before the end is asked for: what was written is before it
			if over = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
		end := feedEnd(t, s)
		for _, item := range feedAssessments(t, s, fraud.Query{}, fraud.Span{After: at.Assessment, UpTo: end.Assessment}, len(ids)+1) {
			seen[item.Assessment.Transaction.ID]++
		}
		for _, item := range feedOutcomes(t, s, fraud.Span{After: at.Outcome, UpTo: end.Outcome}, len(ids)+1) {
			reported[item.TransactionID]++
		}
		at = end
	}
	for id, times := range seen {
		if times != 1 || reported[id] > 1 {
			t.Errorf("%s came %d times, its outcome %d times", id, times, reported[id])
		}
	}
}
