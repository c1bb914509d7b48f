package postgres

import (
	"context"
	"errors"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	// Who reports waits here for others that do.
	lockOutcomesSQL = `SELECT FROM record_ends WHERE kind = 'outcomes' FOR UPDATE`

	insertOutcomesSQL = `
		WITH ended AS (
			UPDATE record_ends SET last = last + cardinality($1::bigint[]) WHERE kind = 'outcomes'
			RETURNING last - cardinality($1::bigint[]) AS before
		)
		INSERT INTO outcomes (outcome_seq, transaction_seq, label, source, occurred_at, note, reported_at, reported_by)
		SELECT before + key, seq, label, source, at, note, reported_at, reported_by
		FROM ended, unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bytea[], $6::bigint[], $7::text[])
		WITH ORDINALITY AS asked (seq, label, source, at, note, reported_at, reported_by, key)`

	// One row without an outcome where there are none; no row where there is no
	// transaction.
	outcomeHistorySQL = `
		SELECT ` + newestColumns + `
		FROM transaction_ids LEFT JOIN outcomes USING (transaction_seq) WHERE transaction_id = $1
		ORDER BY occurred_at DESC, outcome_seq DESC LIMIT $2`

	newestColumns = `coalesce(outcomes.label, 0), coalesce(source, 0), coalesce(occurred_at, 0), coalesce(note, ''::bytea),
		coalesce(reported_at, 0), coalesce(reported_by, '')`

	// withdrawn is the label of a report after which no outcome stands.
	withdrawn = `3`
)

// With each report's transaction, those of its outcomes that may equal it: of the
// same time.
var findReportedSQL = `
	SELECT key, ids.transaction_seq, ` + newestColumns + `
	FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS asked (id, at, key)` +
	found("transaction_ids AS i", "ids", "i.transaction_id = id") + `
	LEFT JOIN LATERAL (SELECT * FROM outcomes AS o WHERE o.transaction_seq = ids.transaction_seq AND occurred_at = at OFFSET 0) AS outcomes ON true`

var newestOutcomesSQL = `
	SELECT key, ` + newestColumns + `
	FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, key)` +
	found("transaction_ids AS i", "ids", "i.transaction_id = id") + `
	JOIN ` + standsFor("ids.transaction_seq")

// newestReport selects a column of the newest report about a transaction, which
// is NULL if there is none.
func newestReport(column, transactionSeq string) string {
	return `(SELECT ` + column + ` FROM outcomes AS o WHERE o.transaction_seq = ` + transactionSeq + `
		ORDER BY occurred_at DESC, outcome_seq DESC LIMIT 1)`
}

// standsFor joins the outcome that stands for a transaction.
func standsFor(transactionSeq string) string {
	return `LATERAL ` + newestReport("*", transactionSeq) + ` AS outcomes ON outcomes.label <> ` + withdrawn
}

// outcome reads newestColumns. It returns nil where there is no outcome.
func (r *row) outcome(transactionID string) *fraud.Outcome {
	o := fraud.Outcome{TransactionID: transactionID, Label: fraud.OutcomeLabel(r.int()), Source: fraud.OutcomeSource(r.int()),
		OccurredAt: r.time(), Note: r.text(), ReportedAt: r.time(), ReportedBy: r.text()}
	if o.Label == fraud.OutcomeUnknown {
		return nil
	}
	return &o
}

// ReportOutcomes implements fraud.Outcomes.
func (s *Store) ReportOutcomes(ctx context.Context, outcomes []fraud.Outcome) (results []fraud.OutcomeResult, err error) {
	if len(outcomes) == 0 {
		return []fraud.OutcomeResult{}, nil
	}
	err = s.update(ctx, "report outcomes", func(c *conn) error {
		results, err = reportOnce(ctx, c, outcomes)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.folding.Wrote(len(results))
	return results, nil
}

// reportOnce takes two round trips: one locks and finds, one writes and commits.
func reportOnce(ctx context.Context, c *conn, outcomes []fraud.Outcome) ([]fraud.OutcomeResult, error) {
	type o = fraud.Outcome
	reports, results := reckon.NewReports(outcomes), make([]fraud.OutcomeResult, len(outcomes))
	var first, last statements
	first.add(beginSQL, nil)
	first.add(lockOutcomesSQL, nil)
	first.add(findReportedSQL, func(r *row) {
		key := r.int() - 1
		reports.Seqs[key] = r.int()
		if found := r.outcome(outcomes[key].TransactionID); found != nil {
			reports.Stands(*found)
		}
	}, column(outcomes, func(o *o) string { return searchable(o.TransactionID) }), column(outcomes, func(o *o) int64 { return o.OccurredAt.UnixMicro() }))
	if err := first.run(c); err != nil {
		return nil, err
	}
	fresh := make([]fraud.Outcome, 0, len(outcomes))
	var seqs []int64
	for _, i := range reports.Settle(results) {
		fresh, seqs = append(fresh, results[i].Outcome), append(seqs, reports.Seqs[i])
	}
	if len(fresh) == 0 {
		return results, each(c, rollbackSQL, nil)
	}
	last.add(insertOutcomesSQL, nil, seqs,
		column(fresh, func(o *o) int16 { return int16(o.Label) }),
		column(fresh, func(o *o) int16 { return int16(o.Source) }),
		column(fresh, func(o *o) int64 { return o.OccurredAt.UnixMicro() }),
		column(fresh, func(o *o) []byte { return []byte(o.Note) }),
		column(fresh, func(o *o) int64 { return o.ReportedAt.UnixMicro() }),
		column(fresh, func(o *o) string { return o.ReportedBy }))
	last.add(notifySQL, nil)
	last.add(commitSQL, nil)
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, each(c, rollbackSQL, nil))
	}
	return results, last.run(c)
}

// OutcomeHistory implements fraud.Outcomes.
func (s *Store) OutcomeHistory(ctx context.Context, transactionID string, limit int) ([]fraud.Outcome, error) {
	var history []fraud.Outcome
	known := false
	err := s.view(ctx, "list the outcomes of a transaction", func(c *conn) error {
		history = nil
		return each(c, outcomeHistorySQL, func(r *row) {
			known = true
			if o := r.outcome(transactionID); o != nil {
				history = append(history, *o)
			}
		}, searchable(transactionID), limit)
	})
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fraud.TransactionUnknown(transactionID)
	}
	return history, nil
}

// NewestOutcomes implements fraud.Outcomes.
func (s *Store) NewestOutcomes(ctx context.Context, ids []string) (map[string]fraud.Outcome, error) {
	newest := make(map[string]fraud.Outcome)
	if len(ids) == 0 {
		return newest, nil
	}
	err := s.view(ctx, "find the newest outcomes", func(c *conn) error {
		return each(c, newestOutcomesSQL, func(r *row) {
			id := ids[r.int()-1]
			newest[id] = *r.outcome(id)
		}, searchables(ids))
	})
	if err != nil {
		return nil, err
	}
	return newest, nil
}
