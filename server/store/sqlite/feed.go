package sqlite

import (
	"context"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// One statement, so that both ends are of one moment.
	feedEndSQL = `SELECT (SELECT coalesce(max(assessment_seq), 0) FROM assessments),
		(SELECT coalesce(max(outcome_seq), 0) FROM outcomes)`

	feedCountSQL = `SELECT count(*), coalesce(sum(label), 0) FROM assessments `

	feedOutcomesSQL = `
		SELECT outcome_seq, transaction_id, label, source, occurred_at, note, reported_at, reported_by
		FROM outcomes CROSS JOIN transactions USING (transaction_seq)
		WHERE outcome_seq > ? AND outcome_seq <= ? ORDER BY outcome_seq` + feedLimit

	// SQLite looks into a bare parameter when it plans, and plans again each time
	// another is bound: that took twice as long as to run what it had planned.
	feedLimit = ` LIMIT +?`

	recordedOrder     = ` ORDER BY assessment_seq`
	lastRecordedOrder = ` ORDER BY assessment_seq DESC`
)

// FeedEnd implements fraud.Feed.
func (s *Store) FeedEnd(ctx context.Context) (fraud.Position, error) {
	var end fraud.Position
	err := s.view(ctx, "find the feed's end", func(c *engine.Conn) error {
		return each(c, feedEndSQL, nil, func(r *row) { end = fraud.Position{Assessment: r.int(), Outcome: r.int()} })
	})
	return end, err
}

// FeedAssessments implements fraud.Feed.
func (s *Store) FeedAssessments(ctx context.Context, q fraud.Query, span fraud.Span, limit int) ([]fraud.FeedAssessment, error) {
	var items []fraud.FeedAssessment
	p := feedPart(q, span, recordedOrder, limit)
	err := s.view(ctx, "read the feed's assessments", func(c *engine.Conn) error {
		return p.feed(c, func(item fraud.FeedAssessment) { items = append(items, item) })
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
	err := s.snapshot(ctx, "read the feed's newest assessments", func(c *engine.Conn) error {
		count := func(r *row) { newest.All, newest.Flagged = r.int(), r.int() }
		if err := each(c, feedCountSQL+p.index+p.where(), p.bindWhere, count); err != nil {
			return err
		}
		return p.feed(c, func(item fraud.FeedAssessment) { newest.Items = append(newest.Items, item) })
	})
	if err != nil {
		return fraud.FeedNewest{}, err
	}
	return newest, nil
}

// FeedOutcomes implements fraud.Feed.
func (s *Store) FeedOutcomes(ctx context.Context, span fraud.Span, limit int) ([]fraud.FeedOutcome, error) {
	var items []fraud.FeedOutcome
	err := s.view(ctx, "read the feed's outcomes", func(c *engine.Conn) error {
		bind := func(p *params) { p.int(span.After); p.int(span.UpTo); p.int(int64(limit)) }
		return each(c, feedOutcomesSQL, bind, func(r *row) {
			seq, id := r.int(), r.text()
			items = append(items, fraud.FeedOutcome{Seq: seq, Outcome: *r.outcome(id)})
		})
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// feedPart selects by what a list is filtered by, along the numbers. However few
// assessments a filter lets through, those of the span are fewer.
func feedPart(q fraud.Query, span fraud.Span, order string, limit int) part {
	p := part{index: noIndex, order: order, limit: limit}
	p.add("assessment_seq > ?", span.After)
	p.add("assessment_seq <= ?", span.UpTo)
	standing := q.Outcome
	q.Outcome = fraud.OutcomeUnknown // a list goes by all that have it; here each row of the span is asked
	p.few(q)
	p.many(q)
	if standing != fraud.OutcomeUnknown {
		p.add(newestReport("label", "assessments.transaction_seq")+" = ?", int64(standing))
	}
	return p
}

// feed reads the part in order of recording. Unlike those of lists its
// statements are compiled once: there are as many as ways to filter, and they are
// run all day long.
func (p part) feed(c *engine.Conn, do func(item fraud.FeedAssessment)) error {
	sql := "WITH page AS (" + pageSQL + p.index + p.where() + p.order + feedLimit + ")" + listSQL + recordedOrder
	return each(c, sql, p.bind, func(r *row) {
		item, seq := r.listed()
		do(fraud.FeedAssessment{Seq: seq, Listed: item})
	})
}

func (p part) bindWhere(to *params) {
	for _, arg := range p.args {
		to.any(arg)
	}
}
