package sqlite

import (
	"context"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// The page is chosen among assessments alone: what is joined to them is looked
// up for the rows that are shown.
const (
	pageSQL = `WITH page AS (SELECT * FROM assessments INDEXED BY `

	listSQL = `)
		SELECT ` + recordedColumns + `,
			assessment_seq, model_version, page.label, probability, threshold, assessed_at, assessed_by,
			` + newestColumns + `
		FROM page CROSS JOIN transactions USING (transaction_seq) CROSS JOIN accounts USING (account_seq)
		LEFT JOIN outcomes ON outcome_seq = (
			SELECT outcome_seq FROM outcomes AS o WHERE o.transaction_seq = page.transaction_seq
			ORDER BY occurred_at DESC, outcome_seq DESC LIMIT 1)`

	newestOrder      = ` ORDER BY assessed_at DESC, assessment_seq DESC`
	probabilityOrder = ` ORDER BY probability DESC, assessment_seq DESC`
)

// List implements fraud.Assessments.
func (s *Store) List(ctx context.Context, q fraud.Query) (fraud.Page, error) {
	var page fraud.Page
	var t recordedRow
	var a assessmentRow
	var o outcomeRow
	var places []fraud.Cursor
	dest := append(append(t.dest(), a.dest()...), o.dest()...)
	err := s.call(ctx, "list assessments", func() error {
		text, args := selectPage(q)
		rows, err := s.read.QueryContext(ctx, text, args...)
		return each(rows, err, dest, func() {
			listed := fraud.Listed{Assessment: a.get(t.get()), Outcome: o.get(t.ID)}
			page.Items = append(page.Items, listed)
			places = append(places, fraud.Cursor{Seq: a.seq, Probability: a.Probability})
		})
	})
	if err != nil {
		return fraud.Page{}, err
	}
	if len(page.Items) > q.Limit { // the one too many tells that there is a next page
		page.Items, page.Next = page.Items[:q.Limit], &places[q.Limit-1]
	}
	return page, nil
}

// selectPage asks for one more than the page holds.
func selectPage(q fraud.Query) (text string, args []any) {
	var c conditions
	order := newestOrder
	if q.Order == fraud.OrderProbability {
		order = probabilityOrder
	}
	index := c.few(q)
	c.many(q)
	c.after(q)
	return pageSQL + index + c.where() + order + " LIMIT ?" + listSQL + order, append(c.args, q.Limit+1)
}

// conditions are joined by AND.
type conditions struct {
	sql  []string
	args []any
}

func (c *conditions) add(sql string, args ...any) {
	c.sql = append(c.sql, sql)
	c.args = append(c.args, args...)
}

func (c *conditions) where() string {
	if len(c.sql) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.sql, " AND ")
}

// few adds the conditions that few assessments meet, and tells by which index
// to find the page: that of these conditions, or the one along q's order. Left
// to itself, SQLite would at times rather sort the whole table.
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
			AND (SELECT label FROM outcomes AS o WHERE o.transaction_seq = assessments.transaction_seq
				ORDER BY occurred_at DESC, outcome_seq DESC LIMIT 1) = ?`, q.Outcome, q.Outcome)
	}
	switch {
	case len(c.sql) > 0:
		return "assessments_of_transaction"
	case q.Order == fraud.OrderProbability && q.From.IsZero() && q.To.IsZero():
		return "assessments_by_probability"
	default:
		return "assessments_by_time"
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
