package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// conditions are joined by AND.
type conditions struct {
	from string // what the page is chosen among, if not all assessments
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

// The transactions that a query may narrow to, and whether one of the page is.
const (
	idSQL      = `SELECT transaction_seq FROM transaction_ids WHERE transaction_id = ?`
	accountSQL = `SELECT transaction_seq FROM transactions WHERE account_seq = (SELECT account_seq FROM accounts WHERE account_id = ?)`
	labelSQL   = `SELECT DISTINCT transaction_seq FROM outcomes WHERE label = ?`

	ofAccount = `(SELECT account_id FROM transactions JOIN accounts USING (account_seq)
		WHERE transactions.transaction_seq = assessments.transaction_seq) = ?`
)

// few narrows the page to the fewest transactions that a query tells of, if it does,
// and leaves in the query what remains to be checked of them. Left to itself, Postgres
// would at times rather go through all assessments until a page is full.
func (c *conditions) few(q *fraud.Query) (narrowed bool) {
	switch {
	case q.TransactionID != "":
		c.source(idSQL, searchable(q.TransactionID))
		q.TransactionID = ""
	case q.AccountID != "":
		c.source(accountSQL, searchable(q.AccountID))
		q.AccountID = ""
	case q.Outcome != fraud.OutcomeUnknown:
		c.source(labelSQL, int64(q.Outcome))
	default:
		return false
	}
	return true
}

// source has the page chosen among the assessments of some transactions.
func (c *conditions) source(sql string, arg any) {
	c.args = append(c.args, arg)
	c.from = `(SELECT assessments.* FROM (` + strings.Replace(sql, "?", fmt.Sprintf("$%d", len(c.args)), 1) + `) AS few
		CROSS JOIN LATERAL (SELECT * FROM assessments AS a WHERE a.transaction_seq = few.transaction_seq OFFSET 0) AS assessments) AS assessments`
}

// many adds the conditions that assessments must meet, checked on the way.
func (c *conditions) many(q fraud.Query) {
	if q.TransactionID != "" {
		c.add("transaction_seq = ("+idSQL+")", searchable(q.TransactionID))
	}
	if q.AccountID != "" {
		c.add(ofAccount, searchable(q.AccountID))
	}
	if q.Outcome != fraud.OutcomeUnknown {
		c.add(newestReport("label", "assessments.transaction_seq")+" = ?", int64(q.Outcome))
	}
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
