package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testList(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("every filter agrees with going through all", func(t *testing.T) { testFilters(t, open(t)) })
	t.Run("pages together are the whole", func(t *testing.T) { testPages(t, open(t)) })
	t.Run("the improbable follow the probable", func(t *testing.T) { testImprobable(t, open(t)) })
	t.Run("new assessments, older ones too, do not move the pages behind", func(t *testing.T) { testPagesHold(t, open(t)) })
	t.Run("a filter that nothing meets gives an empty last page", func(t *testing.T) {
		s := open(t)
		list(t, s, fraud.Query{Limit: 5})
		fill(t, s, 10)
		equal(t, "page", list(t, s, fraud.Query{AccountID: "nobody", Limit: 5}), fraud.Page{})
		equal(t, "page", list(t, s, fraud.Query{TransactionID: "nothing", Limit: 5}), fraud.Page{})
		equal(t, "page", list(t, s, fraud.Query{From: start, To: start, Limit: 5}), fraud.Page{})
		equal(t, "page", list(t, s, fraud.Query{After: &fraud.Cursor{Seq: 1_000}, Limit: 5}), fraud.Page{})
	})
	t.Run("a full last page has no next", func(t *testing.T) {
		s := open(t)
		all := fill(t, s, 6)
		page := list(t, s, fraud.Query{Limit: len(all)})
		equal(t, "items", len(page.Items), len(all))
		equal(t, "next", page.Next, nil)
	})
}

func list(t *testing.T, s fraud.Store, q fraud.Query) fraud.Page {
	t.Helper()
	page, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatalf("List(%+v): %v", q, err)
	}
	return page
}

// fill records n transactions with assessments of two versions and outcomes of
// some, and returns all as a list shows them, in the order they were recorded.
func fill(t *testing.T, s fraud.Store, n int) []fraud.Listed {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 0))
	var ids []string
	var transactions []fraud.Transaction
	for i := range n {
		ids = append(ids, fmt.Sprintf("t%d", i))
		transactions = append(transactions, at(ids[i], fmt.Sprintf("account%d", i%5), random.IntN(1000)))
	}
	record(t, s, transactions...)
	var assessments []fraud.Assessment
	for i, known := range find(t, s, ids...) {
		for _, version := range []string{"v1", "v2"}[:1+i%2] {
			a := assessment(known, version, float64(random.IntN(10))/10) // with ties
			a.AssessedAt = start.Add(time.Duration(random.IntN(20)) * 30 * time.Second)
			assessments = append(assessments, a)
		}
	}
	// In several calls, since times go back and forth within and between them.
	var all []fraud.Listed
	for call := range slices.Chunk(assessments, 7) {
		for _, a := range assess(t, s, call...) {
			all = append(all, fraud.Listed{Assessment: fromRecord(a)})
		}
	}
	report(t, s, randomOutcomes(random, ids)...)
	newest := newestOutcomes(t, s, ids...)
	for i := range all {
		if o, ok := newest[all[i].Assessment.Transaction.ID]; ok {
			all[i].Outcome = &o
		}
	}
	return all
}

// randomOutcomes are several of some transactions and none of others. Some are
// withdrawn.
func randomOutcomes(random *rand.Rand, ids []string) []fraud.Outcome {
	var outcomes []fraud.Outcome
	for range ids {
		occurred := start.Add(time.Duration(random.IntN(5)) * time.Hour)
		label := fraud.OutcomeLabel(1 + random.IntN(3))
		outcomes = append(outcomes, outcome(ids[random.IntN(len(ids))], label, occurred))
	}
	return outcomes
}

func testFilters(t *testing.T, s fraud.Store) {
	all := fill(t, s, 40)
	random := rand.New(rand.NewPCG(1, 2))
	for range 80 {
		q := randomQuery(random)
		want := choose(all, q)
		page := list(t, s, q)
		if (page.Next == nil) != (len(want) <= q.Limit) {
			t.Errorf("%+v: next is %+v with %d in all", q, page.Next, len(want))
		}
		equal(t, fmt.Sprintf("%+v", q), page.Items, want[:min(len(want), q.Limit)])
		if t.Failed() {
			return // one is enough to read
		}
	}
}

func randomQuery(random *rand.Rand) fraud.Query {
	q := fraud.Query{Limit: 1 + random.IntN(100), Order: fraud.Order(random.IntN(2))}
	one := func(in int) bool { return random.IntN(in) == 0 }
	if one(8) {
		q.TransactionID = fmt.Sprintf("t%d", random.IntN(41))
	}
	if one(4) {
		q.AccountID = fmt.Sprintf("account%d", random.IntN(6))
	}
	if one(3) {
		q.MinProbability = new(float64(random.IntN(11)) / 10)
	}
	if one(3) {
		q.MaxProbability = new(float64(random.IntN(11)) / 10)
	}
	if one(3) {
		q.Label = new(one(2))
	}
	if one(3) {
		q.Outcome = fraud.OutcomeLabel(random.IntN(3))
	}
	if one(3) {
		q.Labelled = new(one(2))
	}
	if one(3) {
		q.From = start.Add(time.Duration(random.IntN(20)) * 30 * time.Second)
	}
	if one(3) {
		q.To = start.Add(time.Duration(random.IntN(20)) * 30 * time.Second)
	}
	return q
}

// choose filters and sorts, given all in the order they were recorded. The
// newest is the last assessed, even where the clock was set back meanwhile; of
// equally new ones, it is the last recorded.
func choose(all []fraud.Listed, q fraud.Query) []fraud.Listed {
	var chosen []fraud.Listed
	for _, l := range slices.Backward(all) {
		if meets(l, q) {
			chosen = append(chosen, l)
		}
	}
	order := newestFirst
	if q.Order == fraud.OrderProbability {
		order = mostProbableFirst
	}
	slices.SortStableFunc(chosen, order)
	return chosen
}

func newestFirst(a, b fraud.Listed) int {
	return b.Assessment.AssessedAt.Compare(a.Assessment.AssessedAt)
}

func mostProbableFirst(a, b fraud.Listed) int {
	return cmp.Compare(b.Assessment.Probability, a.Assessment.Probability)
}

func meets(l fraud.Listed, q fraud.Query) bool {
	a := l.Assessment
	return (q.TransactionID == "" || q.TransactionID == a.Transaction.ID) &&
		(q.AccountID == "" || q.AccountID == a.Transaction.Facts.AccountID) &&
		(q.MinProbability == nil || a.Probability >= *q.MinProbability) &&
		(q.MaxProbability == nil || a.Probability <= *q.MaxProbability) &&
		(q.Label == nil || a.Label == *q.Label) &&
		(q.Outcome == fraud.OutcomeUnknown || l.Outcome != nil && l.Outcome.Label == q.Outcome) &&
		(q.Labelled == nil || (l.Outcome != nil) == *q.Labelled) &&
		(q.From.IsZero() || !a.AssessedAt.Before(q.From)) &&
		(q.To.IsZero() || a.AssessedAt.Before(q.To))
}

func testPages(t *testing.T, s fraud.Store) {
	all := fill(t, s, 10)
	for _, q := range []fraud.Query{
		{}, {Order: fraud.OrderProbability}, {Label: new(true)}, {Outcome: fraud.OutcomeFraud},
		{Labelled: new(true)}, {Labelled: new(false), Order: fraud.OrderProbability},
		{Outcome: fraud.OutcomeLegitimate, Order: fraud.OrderProbability},
		{AccountID: "account3"}, {AccountID: "account3", Order: fraud.OrderProbability},
		{From: start.Add(2 * time.Minute), To: start.Add(8 * time.Minute)},
		{From: start.Add(2 * time.Minute), Order: fraud.OrderProbability},
		{MinProbability: new(0.3), MaxProbability: new(0.7), Order: fraud.OrderProbability},
	} {
		want := choose(all, q)
		for _, q.Limit = range []int{1, len(want)} {
			equal(t, fmt.Sprintf("%+v", q), walk(t, s, q), want)
		}
	}
}

// walk follows the pages to the last.
func walk(t *testing.T, s fraud.Store, q fraud.Query) []fraud.Listed {
	t.Helper()
	var items []fraud.Listed
	for {
		page := list(t, s, q)
		items = append(items, page.Items...)
		if q.After = page.Next; q.After == nil || len(items) > 1_000 {
			return items
		}
	}
}

// testPagesHold records assessments from page to page, by a clock that goes back
// and forth, so that some of them belong on the pages to come.
func testPagesHold(t *testing.T, s fraud.Store) {
	want := choose(fill(t, s, 20), fraud.Query{})
	q := fraud.Query{Limit: 4}
	var items, old []fraud.Listed
	for n := 0; n == 0 || q.After != nil; n++ {
		page := list(t, s, q)
		items = append(items, page.Items...)
		q.After = page.Next

		id := fmt.Sprintf("new%d", n)
		record(t, s, payment(id))
		a := assessment(find(t, s, id)[0], "new", 0.5)
		a.AssessedAt = start.Add(time.Duration(5-n%7) * 2 * time.Minute)
		assess(t, s, a)
	}
	for _, l := range items {
		if l.Assessment.ModelVersion != "new" {
			old = append(old, l)
		}
	}
	equal(t, "those from before", old, want)
	if !slices.IsSortedFunc(items, newestFirst) {
		t.Errorf("not in order: %s", show(items))
	}
}
