package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// conditions are joined by AND.
type conditions struct {
	sql  []string
	args []any // strings, int64, float64, bool
}

// add adds a condition with a question mark for each argument.
func (c *conditions) add(sql string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		sql = strings.Replace(sql, "?", fmt.Sprintf("$%d", len(c.args)), 1)
	}
	c.sql = append(c.sql, sql)
}

// and returns these conditions and one more.
func (c conditions) and(sql string) conditions {
	c.sql = append(slices.Clip(c.sql), sql)
	return c
}

func (c conditions) where() string {
	if len(c.sql) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.sql, " AND ")
}

// few adds the conditions that few assessments meet, and tells whether there are
// any.
func (c *conditions) few(q fraud.Query) bool {
	if q.TransactionID != "" {
		c.add("transaction_seq = (SELECT transaction_seq FROM transaction_ids WHERE transaction_id = ?)", searchable(q.TransactionID))
	}
	if q.AccountID != "" {
		c.add(`transaction_seq IN (SELECT transaction_seq FROM transactions
			WHERE account_seq = (SELECT account_seq FROM accounts WHERE account_id = ?))`, searchable(q.AccountID))
	}
	if q.Outcome != fraud.OutcomeUnknown {
		c.add(`transaction_seq IN (SELECT transaction_seq FROM outcomes WHERE label = ?)
			AND `+newestReport("label", "assessments.transaction_seq")+` = ?`, int64(q.Outcome), int64(q.Outcome))
	}
	return len(c.sql) > 0
}

// many adds the conditions that many assessments may meet, checked on the way.
func (c *conditions) many(q fraud.Query) {
	if q.MinProbability != nil {
		c.add("probability >= ?", *q.MinProbability)
	}
	if q.MaxProbability != nil {
		c.add("probability <= ?", *q.MaxProbability)
	}
	if q.Label != nil {
		c.add("label = ?", *q.Label)
	}
	if q.Labelled != nil {
		c.add("(coalesce("+newestReport("label", "assessments.transaction_seq")+", "+withdrawn+") <> "+withdrawn+") = ?", *q.Labelled)
	}
	if !q.From.IsZero() {
		c.add("assessed_at >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		c.add("assessed_at < ?", q.To.UnixMicro())
	}
}

func (c *conditions) after(q fraud.Query) {
	switch {
	case q.After == nil:
	case q.Order == fraud.OrderProbability:
		c.add("(probability, assessment_seq) < (?, ?)", q.After.Probability, q.After.Seq)
	default:
		c.add(`(assessed_at, assessment_seq) <
			((SELECT assessed_at FROM assessments WHERE assessment_seq = ?), ?)`, q.After.Seq, q.After.Seq)
	}
}
