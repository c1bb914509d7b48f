package postgres

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// explained is the plan of a statement as it runs.
func explained(t testing.TB, s *Store, sql string, args ...any) string {
	t.Helper()
	var plan strings.Builder
	err := s.update(t.Context(), "explain", func(c *conn) error {
		var all statements
		all.add("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) "+sql, func(r *row) { fmt.Fprintln(&plan, r.text()) }, args...)
		return all.run(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

func TestShowPlans(t *testing.T) {
	if os.Getenv("SHOW") == "" {
		t.Skip()
	}
	s, _ := openMigrated(t)
	var ids []string
	for i := range 100 {
		p := fmt.Sprint("p", i, ".")
		live(t, s, p, 300, marchFirst)
		for j := range 3 {
			ids = append(ids, fmt.Sprint(p, j))
		}
	}
	exec(t, s, "ANALYZE")
	fmt.Println(explained(t, s, lookUpSQL, ids, "v1"))
	found, _ := s.LookUp(t.Context(), ids, "v1")
	assessments := make([]fraud.Assessment, len(found))
	for i, r := range found {
		assessments[i] = fraud.Assessment{Transaction: r.Transaction, ModelVersion: "v2"}
	}
	type a = fraud.Assessment
	fmt.Println(explained(t, s, insertAssessmentsSQL, column(assessments, func(a *a) int64 { return a.Transaction.Seq }),
		column(assessments, func(a *a) string { return a.ModelVersion }),
		column(assessments, func(a *a) bool { return a.Label }),
		column(assessments, func(a *a) float64 { return a.Probability }),
		column(assessments, func(a *a) *float64 { return known(a.Threshold) }),
		column(assessments, func(a *a) int64 { return a.AssessedAt.UnixMicro() }),
		column(assessments, func(a *a) string { return a.AssessedBy })))
}
