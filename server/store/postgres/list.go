package postgres

import (
	"cmp"
	"context"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// The page is chosen among assessments alone: what is joined to them is looked
// up for the rows that are shown.
const (
	pageSQL = `SELECT * FROM `

	newestOrder      = ` ORDER BY assessed_at DESC, assessment_seq DESC`
	probabilityOrder = ` ORDER BY probability DESC, assessment_seq DESC`
)

var listSQL = `
	SELECT transactions.transaction_seq, transaction_id, ` + factColumns + `,
		model_version, ` + assessmentColumns + `,
		` + newestColumns + `
	FROM page AS assessments` + withTransaction("assessments.transaction_seq") + `
	LEFT JOIN ` + standsFor("assessments.transaction_seq")

// indexedFrom is the probability from which on assessments_by_probability has
// an assessment. Who asks for the most probable wants to see these; far below,
// where models put nearly all payments, an entry is written for each and read
// for none. It stands as a literal in the index and in what is asked of it, as
// Postgres would not compare a parameter with it.
const indexedFrom = 0.05

var (
	isIndexed  = fmt.Sprintf("probability >= %v", indexedFrom)
	notIndexed = fmt.Sprintf("probability < %v", indexedFrom)
)

// List implements fraud.Assessments.
func (s *Store) List(ctx context.Context, q fraud.Query) (fraud.Page, error) {
	var page fraud.Page
	var places []fraud.Cursor
	err := s.view(ctx, "list assessments", func(c *conn) error {
		page, places = fraud.Page{}, nil
		// What is recorded between two parts does not move what they have: it is
		// as if it had come between two pages.
		for _, part := range partsOf(q) {
			part.limit = q.Limit + 1 - len(page.Items) // the one too many tells that there is a next page
			if part.limit == 0 {
				break
			}
			err := part.each(c, func(r *row) {
				item, seq := r.listed()
				page.Items = append(page.Items, item)
				places = append(places, fraud.Cursor{Seq: seq, Probability: item.Assessment.Probability, AssessedAt: item.Assessment.AssessedAt})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fraud.Page{}, err
	}
	if len(page.Items) > q.Limit {
		page.Items, page.Next = page.Items[:q.Limit], &places[q.Limit-1]
	}
	return page, nil
}

func (r *row) listed() (item fraud.Listed, seq int64) {
	of := fraud.Recorded{Seq: r.int(), ID: r.text(), Facts: r.facts(fraud.Facts{})}
	seq, item.Assessment = r.assessment(of, r.text())
	item.Outcome = r.outcome(of.ID)
	return item, seq
}

// part selects a part of a list.
type part struct {
	conditions
	order string
	limit int
}

// partsOf are the parts of q's list, in order. Those by probability are two
// where the index has only the first of them: the second is found by sorting
// all other assessments, and only wanted once the first has come to its end.
func partsOf(q fraud.Query) []part {
	whole := part{order: newestOrder}
	if q.Order == fraud.OrderProbability {
		whole.order = probabilityOrder
	}
	narrowed := whole.few(&q)
	whole.after(q)
	whole.many(q)
	if narrowed || q.Order != fraud.OrderProbability || !q.From.IsZero() || !q.To.IsZero() {
		return []part{whole}
	}
	probable, rest := whole, whole
	probable.conditions, rest.conditions = whole.and(isIndexed), whole.and(notIndexed)
	switch {
	case q.MinProbability != nil && *q.MinProbability >= indexedFrom:
		return []part{probable}
	case q.MaxProbability != nil && *q.MaxProbability < indexedFrom, q.After != nil && q.After.Probability < indexedFrom:
		return []part{rest}
	}
	return []part{probable, rest}
}

// page is chosen before anything is joined to it.
func (p part) page() string {
	return fmt.Sprintf("WITH page AS MATERIALIZED (%s%s%s%s LIMIT $%d)", pageSQL, cmp.Or(p.from, "assessments"), p.where(), p.order, len(p.args)+1)
}

// each reads the part in its order.
func (p part) each(c *conn, do func(r *row)) error { return p.eachBy(c, p.order, do) }

func (p part) eachBy(c *conn, order string, do func(r *row)) error {
	return each(c, p.page()+listSQL+order, do, append(p.args[:len(p.args):len(p.args)], int64(p.limit))...)
}
