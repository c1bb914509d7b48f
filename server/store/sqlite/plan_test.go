package sqlite

import (
	"strings"
	"testing"
	"time"

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
		{"the most probable: along their index", fraud.Query{Order: fraud.OrderProbability}, "SCAN " + alongProbability, false},
		{"their next page: from the cursor", fraud.Query{Order: fraud.OrderProbability, After: after}, "SEARCH " + alongProbability, false},
		{"a range of probability, the newest: backwards", fraud.Query{MinProbability: &half, MaxProbability: &half}, "SCAN " + alongTime, false},
		{"a range of probability: that range", fraud.Query{Order: fraud.OrderProbability, MinProbability: &half}, "SEARCH " + alongProbability, false},
		{"a label: backwards", fraud.Query{Label: &yes}, "SCAN " + alongTime, false},
		{"a time range: that range", fraud.Query{From: now, To: now}, "SEARCH " + alongTime + " (assessed_at>? AND assessed_at<?)", false},
		{"an open time range: that range", fraud.Query{From: now, Label: &yes}, "SEARCH " + alongTime + " (assessed_at>?)", false},
		{"its next page: from the cursor", fraud.Query{From: now, After: after}, "SEARCH " + alongTime + " (assessed_at>? AND assessed_at<?)", false},
		{"a time range, the most probable: that range", fraud.Query{Order: fraud.OrderProbability, From: now}, "SEARCH " + alongTime, true},
		{"a transaction: its own", fraud.Query{TransactionID: "a"}, ofTransactions, true},
		{"an account: its own", fraud.Query{AccountID: "a", From: now}, ofTransactions, true},
		{"an outcome: those that have it", fraud.Query{Outcome: fraud.OutcomeFraud, After: after}, ofTransactions, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := explain(t, s, test.query)
			if !strings.Contains(plan, test.want) || strings.Contains(plan, "ORDER BY\n") != test.sorts {
				t.Errorf("want %q, sorting %t; the plan is\n%s", test.want, test.sorts, plan)
			}
		})
	}
}

// explain returns the plan by which the page is chosen.
func explain(t *testing.T, s *Store, q fraud.Query) string {
	t.Helper()
	var plan strings.Builder
	var id, parent, unused int
	var step string
	text, args := selectPage(q)
	rows, err := s.read.Query("EXPLAIN QUERY PLAN "+text, args...)
	err = each(rows, err, []any{&id, &parent, &unused, &step}, func() { plan.WriteString(step + "\n") })
	if err != nil {
		t.Fatal(err)
	}
	page, _, _ := strings.Cut(plan.String(), "SCAN page")
	return page
}
