package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testLabelled(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("pages together are all that have an outcome, as they were recorded", func(t *testing.T) { testLabelledPages(t, open(t)) })
	t.Run("the newest outcome stands and the last assessment shows", func(t *testing.T) { testLabelledNewest(t, open(t)) })
	t.Run("what is labelled anew does not come twice", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("b"), payment("c"))
		report(t, s, outcome("b", fraud.OutcomeFraud, start), outcome("c", fraud.OutcomeFraud, start))
		first := labelled(t, s, 0, 1)
		report(t, s, outcome("b", fraud.OutcomeLegitimate, start.Add(time.Hour)), outcome("a", fraud.OutcomeFraud, start))
		rest := labelled(t, s, first.Next, 5)
		equal(t, "first", ids(first), []string{"b"})
		equal(t, "rest", ids(rest), []string{"c"})
	})
	t.Run("what is withdrawn is not listed, and does not shorten a page", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("b"), payment("c"), payment("d"))
		for _, id := range []string{"a", "b", "c", "d"} {
			report(t, s, outcome(id, fraud.OutcomeFraud, start))
		}
		withdraw := func(id string) { report(t, s, outcome(id, fraud.OutcomeWithdrawn, start.Add(time.Hour))) }
		withdraw("b")
		first := labelled(t, s, 0, 2)
		equal(t, "first", ids(first), []string{"a", "c"})
		equal(t, "rest", ids(labelled(t, s, first.Next, 2)), []string{"d"})
		withdraw("d")
		equal(t, "next, with nothing behind", labelled(t, s, 0, 2).Next, 0)
		report(t, s, outcome("b", fraud.OutcomeLegitimate, start.Add(2*time.Hour)))
		equal(t, "reported again", ids(labelled(t, s, 0, 9)), []string{"a", "b", "c"})
	})
	t.Run("a full last page has no next, and behind it is nothing", func(t *testing.T) {
		s := open(t)
		equal(t, "empty store", labelled(t, s, 0, 5), fraud.LabelledPage{})
		record(t, s, payment("a"), payment("b"))
		equal(t, "no outcome", labelled(t, s, 0, 5), fraud.LabelledPage{})
		report(t, s, outcome("a", fraud.OutcomeFraud, start), outcome("b", fraud.OutcomeFraud, start))
		page := labelled(t, s, 0, 2)
		equal(t, "items", ids(page), []string{"a", "b"})
		equal(t, "next", page.Next, 0)
		equal(t, "behind", labelled(t, s, page.Items[1].Transaction.Seq, 2), fraud.LabelledPage{})
		equal(t, "far behind", labelled(t, s, 1<<62, 2), fraud.LabelledPage{})
	})
}

func labelled(t *testing.T, s fraud.Store, after int64, limit int) fraud.LabelledPage {
	t.Helper()
	page, err := s.ListLabelled(t.Context(), after, limit)
	if err != nil {
		t.Fatalf("ListLabelled(%d, %d): %v", after, limit, err)
	}
	return page
}

func ids(page fraud.LabelledPage) []string {
	var ids []string
	for _, l := range page.Items {
		ids = append(ids, l.Transaction.ID)
	}
	return ids
}

// testLabelledPages holds pages of every size against what other methods tell.
func testLabelledPages(t *testing.T, s fraud.Store) {
	last := map[string]*fraud.Assessment{}
	for _, l := range fill(t, s, 30) {
		last[l.Assessment.Transaction.ID] = &l.Assessment
	}
	record(t, s, payment("never assessed"), payment("never labelled"))
	report(t, s, outcome("never assessed", fraud.OutcomeFraud, start))
	var all []string
	for i := range 30 {
		all = append(all, fmt.Sprintf("t%d", i))
	}
	all = append(all, "never assessed", "never labelled")
	newest := newestOutcomes(t, s, all...)
	var want []fraud.Labelled
	for _, known := range find(t, s, all...) {
		if o, ok := newest[known.ID]; ok {
			want = append(want, fraud.Labelled{Transaction: known, Outcome: o, Assessment: last[known.ID]})
		}
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []fraud.Labelled
		for after := int64(0); ; {
			page := labelled(t, s, after, limit)
			got = append(got, page.Items...)
			if after = page.Next; after == 0 || len(got) > 100 {
				break
			}
		}
		equal(t, fmt.Sprintf("in pages of %d", limit), showLabelled(got), showLabelled(want))
	}
}

func showLabelled(items []fraud.Labelled) string {
	text := ""
	for _, l := range items {
		text += "\n\t" + show(l.Transaction) + " " + show(l.Outcome) + " " + show(l.Assessment)
	}
	return text
}

func testLabelledNewest(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"))
	known := find(t, s, "a")[0]
	later, earlier := assessment(known, "v2", 0.75), assessment(known, "v1", 0.25)
	earlier.AssessedAt = later.AssessedAt.Add(-time.Hour) // by a clock that was set back
	assess(t, s, later)
	assess(t, s, earlier)
	results := report(t, s,
		outcome("a", fraud.OutcomeFraud, start.Add(time.Hour)),
		outcome("a", fraud.OutcomeLegitimate, start.Add(2*time.Hour)),
		outcome("a", fraud.OutcomeFraud, start))
	want := []fraud.Labelled{{Transaction: known, Outcome: results[1].Outcome, Assessment: new(fromRecord(earlier))}}
	equal(t, "items", showLabelled(labelled(t, s, 0, 5).Items), showLabelled(want))
}
