package sqlite

import (
	"strings"
	"testing"
)

// An account's transactions are found by the index alone, from where they begin.
func TestRecordPlans(t *testing.T) {
	s := openStore(t)
	const index = " transactions USING COVERING INDEX transactions_of_account "
	for _, test := range []struct {
		name      string
		questions bulk
		numbers   int
		want      []string
	}{
		{"the weeks before", recentQuestions, 4, []string{"SEARCH" + index + "(account_seq=? AND time>? AND time<?)"}},
		{"where a late one stands", standingQuestions, 4,
			[]string{"SEARCH" + index + "(account_seq=? AND time>? AND time<?)", "SEARCH" + index + "(account_seq=? AND time<?)"}},
	} {
		for _, chunk := range test.questions {
			plan := explainSQL(t, s, chunk.sql, func(p *params) {
				for range chunk.rows * test.numbers {
					p.int(1)
				}
			})
			for _, want := range test.want {
				if !strings.Contains(plan, want) {
					t.Errorf("%s, %d at once: want %q; the plan is\n%s", test.name, chunk.rows, want, plan)
				}
			}
		}
	}
}
