package postgres

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// One statement, so that both ends are of one moment.
	feedEndSQL = `SELECT (SELECT last FROM record_ends WHERE kind = 'assessments'), (SELECT last FROM record_ends WHERE kind = 'outcomes')`

	feedCountSQL = `SELECT count(*), count(*) FILTER (WHERE label) FROM assessments`

	recordedOrder     = ` ORDER BY assessment_seq`
	lastRecordedOrder = ` ORDER BY assessment_seq DESC`
)

var feedOutcomesSQL = `
	WITH page AS MATERIALIZED (
		SELECT * FROM outcomes WHERE outcome_seq > $1 AND outcome_seq <= $2 ORDER BY outcome_seq LIMIT $3)
	SELECT outcome_seq, transaction_id, label, source, occurred_at, note, reported_at, reported_by
	FROM page` + withTransaction("page.transaction_seq") + ` ORDER BY outcome_seq`

// FeedEnd implements fraud.Feed.
func (s *Store) FeedEnd(ctx context.Context) (fraud.Position, error) {
	var end fraud.Position
	err := s.view(ctx, "find the feed's end", func(c *conn) error {
		return each(c, feedEndSQL, func(r *row) { end = fraud.Position{Assessment: r.int(), Outcome: r.int()} })
	})
	return end, err
}

// FeedAssessments implements fraud.Feed.
func (s *Store) FeedAssessments(ctx context.Context, q fraud.Query, span fraud.Span, limit int) ([]fraud.FeedAssessment, error) {
	var items []fraud.FeedAssessment
	p := feedPart(q, span, recordedOrder, limit)
	err := s.view(ctx, "read the feed's assessments", func(c *conn) (err error) {
		items, err = p.feed(c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// FeedNewest implements fraud.Feed.
func (s *Store) FeedNewest(ctx context.Context, q fraud.Query, span fraud.Span, limit int) (fraud.FeedNewest, error) {
	var newest fraud.FeedNewest
	p := feedPart(q, span, lastRecordedOrder, limit)
	// An outcome that came between would change what q lets through.
	err := s.snapshot(ctx, "read the feed's newest assessments", func(c *conn) (err error) {
		if err := each(c, feedCountSQL+p.where(), func(r *row) { newest.All, newest.Flagged = r.int(), r.int() }, p.args...); err != nil {
			return err
		}
		newest.Items, err = p.feed(c)
		return err
	})
	if err != nil {
		return fraud.FeedNewest{}, err
	}
	return newest, nil
}

// FeedOutcomes implements fraud.Feed.
func (s *Store) FeedOutcomes(ctx context.Context, span fraud.Span, limit int) ([]fraud.FeedOutcome, error) {
	var items []fraud.FeedOutcome
	err := s.view(ctx, "read the feed's outcomes", func(c *conn) error {
		items = nil
		return each(c, feedOutcomesSQL, func(r *row) {
			seq, id := r.int(), r.text()
			items = append(items, fraud.FeedOutcome{Seq: seq, Outcome: *r.outcome(id)})
		}, span.After, span.UpTo, limit)
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// feedPart selects by what a list is filtered by, along the numbers. However few
// assessments a filter lets through, those of the span are fewer.
func feedPart(q fraud.Query, span fraud.Span, order string, limit int) part {
	p := part{order: order, limit: limit}
	p.add("assessment_seq > ?", span.After)
	p.add("assessment_seq <= ?", span.UpTo)
	p.many(q)
	return p
}

// feed reads the part in order of recording.
func (p part) feed(c *conn) (items []fraud.FeedAssessment, err error) {
	err = p.eachBy(c, recordedOrder, func(r *row) {
		item, seq := r.listed()
		items = append(items, fraud.FeedAssessment{Seq: seq, Listed: item})
	})
	return items, err
}
