package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// plan is how a prepared statement is run, whatever it is asked about.
func plan(t *testing.T, s *Store, sql, literals string) string {
	t.Helper()
	var text strings.Builder
	err := s.view(t.Context(), "explain", func(c *conn) error {
		for _, statement := range []string{"DEALLOCATE ALL", "PREPARE asked AS " + sql} {
			if _, err := c.PgConn().Exec(c.ctx, statement).ReadAll(); err != nil {
				return err
			}
		}
		results, err := c.PgConn().Exec(c.ctx, "EXPLAIN EXECUTE asked ("+literals+")").ReadAll()
		for _, r := range results {
			for _, line := range r.Rows {
				fmt.Fprintln(&text, string(line[0]))
			}
		}
		c.DeallocateAll(c.ctx) // of what pgx knows, too
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return text.String()
}

// What is planned while all is empty is run when it no longer is.
func TestPlansMadeWhileTablesAreEmptyGoByIndexes(t *testing.T) {
	t.Parallel()
	s, _ := openMigrated(t)
	newest := partsOf(fraud.Query{After: &fraud.Cursor{Seq: 5}, Limit: 50})[0]
	probable := partsOf(fraud.Query{Order: fraud.OrderProbability, Limit: 50})[0]
	account := partsOf(fraud.Query{AccountID: "a", Limit: 50})[0]
	frauds := partsOf(fraud.Query{Outcome: fraud.OutcomeFraud, Limit: 50})[0]
	fed := feedPart(fraud.Query{AccountID: "a", Outcome: fraud.OutcomeFraud}, fraud.Span{}, recordedOrder, 10)
	for _, test := range []struct {
		name, sql, literals string
		want                []string
	}{
		{"look up", lookUpSQL, "'{a}', 'v1'", []string{
			"Index Scan using transaction_ids_pkey on transaction_ids", "Index Cond: (transaction_id = asked.id)",
			"Index Cond: (transaction_seq = i.transaction_seq)", "Index Scan using accounts_pkey",
			"Index Cond: ((transaction_seq = t.transaction_seq) AND (model_version = $2))"}},
		{"find recorded", findRecordedSQL, "'{a}'", []string{"Index Cond: (transaction_id = asked.id)", "Index Cond: (transaction_seq = i.transaction_seq)"}},
		{"lock accounts", lockAccountsSQL, "'{a}'", []string{"Index Scan using accounts_account_id_key"}},
		{"the weeks before", recentSQL, "'{a}', '{1}', '{2}'", []string{
			`_account_seq_time_amount_idx on transactions_`, "Index Scan using accounts_account_id_key", `Index Cond: ((account_seq = a.account_seq) AND ("time" > asked.after) AND ("time" <= asked.up_to)`}},
		{"where late ones stand", standingsSQL, "'{0}', '{1}', '{1}', '{2}'", []string{
			`Index Cond: ((account_seq = asked.account) AND ("time" > asked.after) AND ("time" <= asked.up_to)`}},
		{"record assessments", insertAssessmentsSQL, "'{1}', '{v1}', '{true}', '{0.5}', '{0.5}', '{1}', '{k}'", []string{
			"Index Cond: ((transaction_seq = asked_1.seq) AND (model_version = asked_1.version))"}},
		{"what was assessed before", findEarlierSQL, "'{1}', '{v1}', 1, 2", []string{
			"Index Cond: ((transaction_seq = asked.seq) AND (model_version = asked.version))"}},
		{"find reported", findReportedSQL, "'{a}', '{1}'", []string{
			"Index Cond: ((transaction_seq = i.transaction_seq) AND (occurred_at = asked.at))"}},
		{"the newest", newest.page() + listSQL + newest.order, "5, 5, 51", []string{"_assessed_at_assessment_seq_idx"}},
		{"the most probable", probable.page() + listSQL + probable.order, "51", []string{"_probability_assessment_seq_idx"}},
		{"an account's", account.page() + listSQL + account.order, "'a', 51", []string{
			"Index Cond: (account_seq = $", "Index Cond: (transaction_seq = transactions"}},
		{"frauds", frauds.page() + listSQL + frauds.order, "1, 1, 51", []string{"Index Cond: (label = $1)", "Index Cond: (transaction_seq = outcomes"}},
		{"the feed", fed.page() + listSQL + recordedOrder, "0, 9, 'a', 1, 10", []string{
			"Index Cond: ((assessment_seq > $1) AND (assessment_seq <= $2))"}},
		{"reports", feedOutcomesSQL, "0, 9, 10", []string{"Index Cond: ((outcome_seq > $1) AND (outcome_seq <= $2))"}},
		{"the tail's assessments", tailAssessmentsSQL, "1, 2, 3", []string{"Index Cond: ((assessment_seq > $2) AND (assessment_seq <= $3))"}},
		{"the tail's outcomes", tailOutcomesSQL, "1, 2, 3", []string{"Index Cond: ((outcome_seq > $1) AND (outcome_seq <= $2))"}},
		{"how the model did", liveSQL, "100, 'v1'", []string{"Index Cond: (outcome_seq > ("}},
		{"labelled ones", labelledSQL, "0, 10", []string{"Index Cond: (transaction_seq > $1)"}},
	} {
		found := plan(t, s, test.sql, test.literals)
		for _, want := range test.want {
			if !strings.Contains(found, want) {
				t.Errorf("%s: want %q; the plan is\n%s", test.name, want, found)
			}
		}
		for _, line := range strings.Split(found, "\n") {
			small := strings.Contains(line, " months") || strings.Contains(line, "transaction_numbers")
			if strings.Contains(line, "Seq Scan") && !small || strings.Contains(line, "Materialize") || strings.Contains(line, "Bitmap") || strings.Contains(line, "Hash Join") {
				t.Errorf("%s: %s; the plan is\n%s", test.name, strings.TrimSpace(line), found)
			}
		}
	}
}
