package sqlite

import (
	"slices"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// By which index to find the page. Left to itself, SQLite would at times rather
// sort the whole table.
const (
	ofTransaction = "INDEXED BY assessments_of_transaction"
	byTime        = "INDEXED BY assessments_by_time"
	byProbability = "INDEXED BY assessments_by_probability"
	noIndex       = "NOT INDEXED"
)

// conditions are joined by AND.
type conditions struct {
	sql  []string
	args []any // strings, int64, float64, bool
}

func (c *conditions) add(sql string, args ...any) {
	c.sql = append(c.sql, sql)
	c.args = append(c.args, args...)
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

// few adds the conditions that few assessments meet, and tells by which index
// to find the page: that of these conditions, or the one along q's order.
func (c *conditions) few(q fraud.Query) (index string) {
	if q.TransactionID != "" {
		c.add("transaction_seq = (SELECT transaction_seq FROM transactions WHERE transaction_id = ?)", q.TransactionID)
	}
	if q.AccountID != "" {
		c.add(`transaction_seq IN (SELECT transaction_seq FROM transactions
			WHERE account_seq = (SELECT account_seq FROM accounts WHERE account_id = ?))`, q.AccountID)
	}
	if q.Outcome != fraud.OutcomeUnknown {
		c.add(`transaction_seq IN (SELECT transaction_seq FROM outcomes WHERE label = ?)
			AND `+newestReport("label", "assessments.transaction_seq")+` = ?`, int64(q.Outcome), int64(q.Outcome))
	}
	switch {
	case len(c.sql) > 0:
		return ofTransaction
	case q.Order == fraud.OrderProbability && q.From.IsZero() && q.To.IsZero():
		return byProbability
	default:
		return byTime
	}
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
		c.add("(assessed_at, assessment_seq) < (?, ?)", q.After.AssessedAt.UnixMicro(), q.After.Seq)
	}
}
