package postgres

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// The page is chosen along the index alone, from its place on; what belongs to
// each of its transactions is looked up.
var labelledSQL = `
	WITH page AS MATERIALIZED (
		SELECT transaction_seq FROM outcomes
		WHERE transaction_seq > $1 AND ` + newestReport("label", "outcomes.transaction_seq") + ` <> ` + withdrawn + `
		GROUP BY transaction_seq ORDER BY transaction_seq LIMIT $2)
	SELECT page.transaction_seq, transaction_id, ` + factColumns + `,
		` + newestColumns + `,
		coalesce(model_version, ''), ` + assessmentColumns + `
	FROM page` + withTransaction("page.transaction_seq") + `
	JOIN ` + standsFor("page.transaction_seq") + `
	LEFT JOIN LATERAL (SELECT * FROM assessments AS a WHERE a.transaction_seq = page.transaction_seq
		ORDER BY assessment_seq DESC LIMIT 1) AS assessments ON true
	ORDER BY page.transaction_seq`

// That none stands above is asked for those alone which are assessed.
const liveSQL = `
	WITH page AS MATERIALIZED (
		SELECT * FROM outcomes WHERE outcome_seq > (SELECT last FROM record_ends WHERE kind = 'outcomes') - $1::bigint)
	SELECT page.label, assessments.label, probability
	FROM page CROSS JOIN LATERAL (SELECT * FROM assessments AS a
		WHERE a.transaction_seq = page.transaction_seq AND model_version = $2 LIMIT 1) AS assessments
	WHERE page.label <> ` + withdrawn + ` AND NOT EXISTS (
		SELECT FROM outcomes AS o WHERE o.transaction_seq = page.transaction_seq
		AND (o.occurred_at, o.outcome_seq) > (page.occurred_at, page.outcome_seq))
	ORDER BY outcome_seq`

// ListLabelled implements fraud.Outcomes.
func (s *Store) ListLabelled(ctx context.Context, after int64, limit int) (fraud.LabelledPage, error) {
	var page fraud.LabelledPage
	err := s.view(ctx, "list labelled transactions", func(c *conn) error {
		page.Items = nil
		return each(c, labelledSQL, func(r *row) { page.Items = append(page.Items, r.labelled()) },
			after, int64(limit)+1) // one too many tells that there is a next page
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
	err := s.view(ctx, "compare assessments with outcomes", func(c *conn) error {
		sums = reckon.LiveSums{}
		return each(c, liveSQL, func(r *row) {
			sums.Add(fraud.OutcomeLabel(r.int()) == fraud.OutcomeFraud, r.bool(), r.float())
		}, outcomes, modelVersion)
	})
	if err != nil {
		return fraud.Live{}, err
	}
	return sums.Live(), nil
}
