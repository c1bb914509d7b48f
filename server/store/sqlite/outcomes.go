package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	insertOutcomeSQL = `
		INSERT INTO outcomes (transaction_seq, label, source, occurred_at, note, reported_at, reported_by)
		SELECT transaction_seq, ?, ?, ?, ?, ?, ? FROM transactions WHERE transaction_id = ?
		ON CONFLICT DO NOTHING`

	findOutcomeSQL = `
		SELECT ` + newestColumns + ` FROM transactions JOIN outcomes USING (transaction_seq)
		WHERE transaction_id = ? AND label = ? AND source = ? AND occurred_at = ? AND note = ?`

	newestOutcomesSQL = `
		SELECT transaction_id, ` + newestColumns + `
		FROM json_each(?) CROSS JOIN transactions ON transaction_id = value
		JOIN outcomes ON outcome_seq = (
			SELECT outcome_seq FROM outcomes AS o WHERE o.transaction_seq = transactions.transaction_seq
			ORDER BY occurred_at DESC, outcome_seq DESC LIMIT 1)`

	newestColumns = `coalesce(outcomes.label, 0), coalesce(source, 0), coalesce(occurred_at, 0), coalesce(note, ''),
		coalesce(reported_at, 0), coalesce(reported_by, '')`
)

// outcomeRow receives newestColumns.
type outcomeRow struct {
	fraud.Outcome
	occurred, reported int64
}

func (r *outcomeRow) dest() []any {
	return []any{&r.Label, &r.Source, &r.occurred, &r.Note, &r.reported, &r.ReportedBy}
}

// get returns nil where there is no outcome.
func (r *outcomeRow) get(transactionID string) *fraud.Outcome {
	if r.Label == fraud.OutcomeUnknown {
		return nil
	}
	o := r.Outcome
	o.TransactionID, o.OccurredAt, o.ReportedAt = transactionID, fromMicros(r.occurred), fromMicros(r.reported)
	return &o
}

// ReportOutcomes implements fraud.Outcomes.
func (s *Store) ReportOutcomes(ctx context.Context, outcomes []fraud.Outcome) ([]fraud.OutcomeResult, error) {
	results := make([]fraud.OutcomeResult, len(outcomes))
	if len(outcomes) == 0 {
		return results, nil
	}
	now := time.Now()
	err := s.update(ctx, "report outcomes", func(tx *sql.Tx) error {
		for i, o := range outcomes {
			o.ReportedAt = now
			var err error
			if results[i], err = reportOutcome(ctx, tx, o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// reportOutcome adds o unless it is there, and reads what is then recorded.
func reportOutcome(ctx context.Context, tx *sql.Tx, o fraud.Outcome) (fraud.OutcomeResult, error) {
	occurred := o.OccurredAt.UnixMicro()
	_, err := tx.ExecContext(ctx, insertOutcomeSQL,
		o.Label, o.Source, occurred, o.Note, o.ReportedAt.UnixMicro(), o.ReportedBy, o.TransactionID)
	if err != nil {
		return fraud.OutcomeResult{}, err
	}
	var row outcomeRow
	err = tx.QueryRowContext(ctx, findOutcomeSQL, o.TransactionID, o.Label, o.Source, occurred, o.Note).Scan(row.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return fraud.OutcomeResult{Err: fraud.TransactionUnknown(o.TransactionID)}, nil
	}
	if err != nil {
		return fraud.OutcomeResult{}, err
	}
	return fraud.OutcomeResult{Outcome: *row.get(o.TransactionID)}, nil
}

// NewestOutcomes implements fraud.Outcomes.
func (s *Store) NewestOutcomes(ctx context.Context, ids []string) (map[string]fraud.Outcome, error) {
	newest := make(map[string]fraud.Outcome)
	if len(ids) == 0 {
		return newest, nil
	}
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	var id string
	var row outcomeRow
	err = s.call(ctx, "find the newest outcomes", func() error {
		rows, err := s.newestOutcomes.QueryContext(ctx, text)
		return each(rows, err, append([]any{&id}, row.dest()...), func() { newest[id] = *row.get(id) })
	})
	if err != nil {
		return nil, err
	}
	return newest, nil
}
