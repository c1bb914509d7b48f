package sqlite

import (
	"context"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// The page is chosen along the index alone, from its place on; what belongs to
// each of its transactions is looked up.
var labelledSQL = `
	WITH page AS (
		SELECT DISTINCT transaction_seq FROM outcomes INDEXED BY outcomes_once
		WHERE transaction_seq > ? AND ` + newestReport("label", "outcomes.transaction_seq") + ` <> ` + withdrawn + `
		ORDER BY transaction_seq LIMIT ?)
	SELECT page.transaction_seq, transaction_id, ` + factColumns + `,
		` + newestColumns + `,
		coalesce(model_version, ''), ` + assessmentColumns + `
	FROM page CROSS JOIN transactions USING (transaction_seq) CROSS JOIN accounts USING (account_seq)
	CROSS JOIN outcomes ON ` + standsFor("page.transaction_seq") + `
	LEFT JOIN assessments ON assessment_seq = (
		SELECT max(assessment_seq) FROM assessments AS a WHERE a.transaction_seq = page.transaction_seq)
	ORDER BY page.transaction_seq`

// Nothing is ever deleted, so that the newest have the last numbers. That none
// stands above is asked for those alone which are assessed. The rows are summed
// up outside: to group them in SQLite took half as long again as to find them.
const liveSQL = `
	SELECT outcomes.label, assessments.label, probability
	FROM outcomes CROSS JOIN assessments USING (transaction_seq)
	WHERE outcome_seq > (SELECT max(outcome_seq) - ? FROM outcomes) AND model_version = ?
		AND outcomes.label <> ` + withdrawn + `
		AND NOT EXISTS (
			SELECT 1 FROM outcomes AS o WHERE o.transaction_seq = assessments.transaction_seq
			AND (o.occurred_at, o.outcome_seq) > (outcomes.occurred_at, outcomes.outcome_seq))`

// ListLabelled implements fraud.Outcomes.
func (s *Store) ListLabelled(ctx context.Context, after int64, limit int) (fraud.LabelledPage, error) {
	var page fraud.LabelledPage
	err := s.view(ctx, "list labelled transactions", func(c *engine.Conn) error {
		bind := func(p *params) { p.int(after); p.int(int64(limit) + 1) } // one too many tells that there is a next page
		return each(c, labelledSQL, bind, func(r *row) { page.Items = append(page.Items, r.labelled()) })
	})
	if err != nil {
		return fraud.LabelledPage{}, err
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = page.Items[limit-1].Transaction.Seq
	}
	return page, nil
}

func (r *row) labelled() fraud.Labelled {
	of := fraud.Recorded{Seq: r.int(), ID: r.text(), Facts: r.facts(fraud.Facts{})}
	l := fraud.Labelled{Transaction: of, Outcome: *r.outcome(of.ID)}
	version := r.text()
	if !r.isNull() {
		_, last := r.assessment(of, version)
		l.Assessment = &last
	}
	return l
}

// Live implements fraud.Outcomes.
func (s *Store) Live(ctx context.Context, modelVersion string, outcomes int) (fraud.Live, error) {
	var sums reckon.LiveSums
	err := s.view(ctx, "compare assessments with outcomes", func(c *engine.Conn) error {
		bind := func(p *params) { p.int(int64(outcomes)); p.text(modelVersion) }
		return each(c, liveSQL, bind, func(r *row) {
			sums.Add(fraud.OutcomeLabel(r.int()) == fraud.OutcomeFraud, r.bool(), r.float())
		})
	})
	if err != nil {
		return fraud.Live{}, err
	}
	return sums.Live(), nil
}
