package sqlite

import (
	"math"
	"strings"
	"testing"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// A list must not read or sort the whole table where it need not: the plan
// shows it without a table large enough to feel it.
func TestListPlan(t *testing.T) {
	s := openStore(t)
	half, yes := 0.5, true
	now := time.Now()
	after := &fraud.Cursor{Seq: 7, Probability: half}
	const (
		alongTime        = "assessments USING INDEX assessments_by_time"
		alongProbability = "assessments USING INDEX assessments_by_probability"
		ofTransactions   = "SEARCH assessments USING INDEX assessments_of_transaction (transaction_seq=?)"
	)
	for _, test := range []struct {
		name  string
		query fraud.Query
		want  string
		sorts bool
	}{
		{"the newest: backwards through all", fraud.Query{}, "SCAN " + alongTime, false},
		{"the next page: from the cursor", fraud.Query{After: after}, "SEARCH " + alongTime + " (assessed_at<?)", false},
		{"the most probable: along their index", fraud.Query{Order: fraud.OrderProbability}, "SEARCH " + alongProbability + " (probability>?)", false},
		{"their next page: from the cursor", fraud.Query{Order: fraud.OrderProbability, After: after},
			"SEARCH " + alongProbability + " (probability>? AND probability<?)", false},
		{"a range of probability, the newest: backwards", fraud.Query{MinProbability: &half, MaxProbability: &half}, "SCAN " + alongTime, false},
		{"a range of probability: that range", fraud.Query{Order: fraud.OrderProbability, MinProbability: &half}, "SEARCH " + alongProbability + " (probability>?)", false},
		{"up to a probability: from there", fraud.Query{Order: fraud.OrderProbability, MaxProbability: &half},
			"SEARCH " + alongProbability + " (probability>? AND probability<?)", false},
		{"a label: backwards", fraud.Query{Label: &yes}, "SCAN " + alongTime, false},
		{"without an outcome: backwards", fraud.Query{Labelled: new(false)}, "SCAN " + alongTime, false},
		{"without an outcome, the most probable: along their index", fraud.Query{Order: fraud.OrderProbability, Labelled: new(false)},
			"SEARCH " + alongProbability + " (probability>?)", false},
		{"with any outcome: backwards, and its newest report is looked up", fraud.Query{Labelled: &yes},
			"SEARCH o USING COVERING INDEX outcomes_once (transaction_seq=?)", false},
		{"a time range: that range", fraud.Query{From: now, To: now}, "SEARCH " + alongTime + " (assessed_at>? AND assessed_at<?)", false},
		{"an open time range: that range", fraud.Query{From: now, Label: &yes}, "SEARCH " + alongTime + " (assessed_at>?)", false},
		{"its next page: from the cursor", fraud.Query{From: now, After: after}, "SEARCH " + alongTime + " (assessed_at>? AND assessed_at<?)", false},
		{"a time range, the most probable: that range", fraud.Query{Order: fraud.OrderProbability, From: now}, "SEARCH " + alongTime, true},
		{"a transaction: its own", fraud.Query{TransactionID: "a"}, ofTransactions, true},
		{"an account: its own", fraud.Query{AccountID: "a", From: now}, ofTransactions, true},
		{"an outcome: those that have it", fraud.Query{Outcome: fraud.OutcomeFraud, After: after}, ofTransactions, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := explain(t, s, partsOf(test.query)[0])
			if !strings.Contains(plan, test.want) || strings.Contains(plan, "FOR ORDER BY\n") != test.sorts {
				t.Errorf("want %q, sorting %t; the plan is\n%s", test.want, test.sorts, plan)
			}
		})
	}
}

// A list by probability goes on where its index ends by a scan of all, and only
// where there is something to find.
func TestListPartsByProbability(t *testing.T) {
	s := openStore(t)
	const indexed, scan = "USING INDEX assessments_by_probability", "SCAN assessments\n"
	at := func(probability float64) *float64 { return &probability }
	below := math.Nextafter(indexedFrom, 0)
	for _, test := range []struct {
		name  string
		query fraud.Query
		want  []string
	}{
		{"all", fraud.Query{}, []string{indexed, scan}},
		{"after one that is indexed", fraud.Query{After: &fraud.Cursor{Seq: 7, Probability: indexedFrom}}, []string{indexed, scan}},
		{"after one that is not", fraud.Query{After: &fraud.Cursor{Seq: 7, Probability: below}}, []string{scan}},
		{"only indexed ones", fraud.Query{MinProbability: at(indexedFrom)}, []string{indexed}},
		{"some others", fraud.Query{MinProbability: at(below)}, []string{indexed, scan}},
		{"only others", fraud.Query{MaxProbability: at(below)}, []string{scan}},
		{"some indexed ones", fraud.Query{MaxProbability: at(indexedFrom)}, []string{indexed, scan}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.query.Order = fraud.OrderProbability
			parts := partsOf(test.query)
			if len(parts) != len(test.want) {
				t.Fatalf("%d parts, want %d", len(parts), len(test.want))
			}
			for i, part := range parts {
				if plan := explain(t, s, part); !strings.Contains(plan, test.want[i]) {
					t.Errorf("part %d: want %q; the plan is\n%s", i, test.want[i], plan)
				}
			}
		})
	}
}

// SQLite seeks the first of several bounds to one side. Were it not the cursor's,
// each page would go through all those before it again.
func TestBoundsComeInOrder(t *testing.T) {
	half := 0.5
	after := &fraud.Cursor{Seq: 7, Probability: half}
	inRange := fraud.Query{Order: fraud.OrderProbability, MinProbability: &half, MaxProbability: &half, After: after}
	for _, test := range []struct {
		query         fraud.Query
		first, second string
	}{
		{fraud.Query{To: time.Now(), After: after}, "(assessed_at, assessment_seq) <", "assessed_at < ?"},
		{inRange, "(probability, assessment_seq) <", "probability <= ?"},
		{inRange, "probability >= ?", isIndexed},
	} {
		page := partsOf(test.query)[0].page()
		first, second := strings.Index(page, test.first), strings.Index(page, test.second)
		if first < 0 || second < first {
			t.Errorf("want %q before %q: %s", test.first, test.second, page)
		}
	}
}

// What is labelled is found along indexes, without sorting what a page does not
// show, and live figures look at the newest outcomes alone.
func TestLabelledPlans(t *testing.T) {
	s := openStore(t)
	for _, test := range []struct {
		name, sql string
		want      []string
	}{
		{"a page", labelledSQL, []string{
			"SEARCH outcomes USING COVERING INDEX outcomes_once (transaction_seq>?)",
			"SCAN page",
			"SEARCH transactions USING INTEGER PRIMARY KEY (rowid=?)",
			"SEARCH accounts USING INTEGER PRIMARY KEY (rowid=?)",
			"SEARCH outcomes USING INTEGER PRIMARY KEY (rowid=?)",
			"SEARCH o USING COVERING INDEX outcomes_once (transaction_seq=?)",
			"SEARCH assessments USING INTEGER PRIMARY KEY (rowid=?)",
			"SEARCH a USING COVERING INDEX assessments_of_transaction (transaction_seq=?)"}},
		{"a history", outcomeHistorySQL, []string{
			"SEARCH transactions USING COVERING INDEX sqlite_autoindex_transactions_1 (transaction_id=?)",
			"SEARCH outcomes USING INDEX outcomes_once (transaction_seq=?)"}},
		{"live figures", liveSQL, []string{
			"SEARCH outcomes USING INTEGER PRIMARY KEY (rowid>?)",
			"SEARCH o USING COVERING INDEX outcomes_once (transaction_seq=? AND occurred_at>?)",
			"SEARCH assessments USING INDEX assessments_of_transaction (transaction_seq=? AND model_version=?)"}},
	} {
		plan := explainSQL(t, s, test.sql, func(p *params) { p.int(1); p.int(1) })
		for _, want := range test.want {
			if !strings.Contains(plan, want) {
				t.Errorf("%s: want %q; the plan is\n%s", test.name, want, plan)
			}
		}
		if strings.Contains(plan, "FOR ORDER BY") || strings.Contains(plan, "FOR DISTINCT") {
			t.Errorf("%s: sorts; the plan is\n%s", test.name, plan)
		}
	}
}

// explain returns the plan by which a part's page is chosen.
func explain(t *testing.T, s *Store, p part) string {
	t.Helper()
	return explainSQL(t, s, p.page(), p.bind)
}

func explainSQL(t *testing.T, s *Store, sql string, bind func(p *params)) string {
	t.Helper()
	var plan strings.Builder
	err := s.view(t.Context(), "explain", func(c *engine.Conn) error {
		return each(c, "EXPLAIN QUERY PLAN "+sql, bind, func(r *row) {
			_, _, _ = r.int(), r.int(), r.int()
			plan.WriteString(r.text() + "\n")
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
