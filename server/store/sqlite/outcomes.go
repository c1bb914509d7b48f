package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// With each report's transaction, those of its outcomes that may equal it: of
	// the same time.
	findReportedSQL = `
		SELECT key, transactions.transaction_seq, ` + newestColumns + `
		FROM json_each(?) CROSS JOIN transactions ON transaction_id = value->>'ID'
		LEFT JOIN outcomes ON outcomes.transaction_seq = transactions.transaction_seq
			AND occurred_at = value->>'OccurredAt'`

	insertOutcomesSQL = `INSERT INTO outcomes (transaction_seq, label, source, occurred_at, note,
		reported_at, reported_by)`

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
	reports := make([]report, len(outcomes))
	for i, o := range outcomes {
		reports[i] = report{ID: o.TransactionID, OccurredAt: o.OccurredAt.UnixMicro()}
	}
	err := s.update(ctx, "report outcomes", func(tx *sql.Tx) error {
		stand, err := s.reported(ctx, tx, reports)
		if err != nil {
			return err
		}
		_, err = s.insertOutcomes.exec(ctx, tx, settle(outcomes, reports, stand, results))
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// report asks for the transaction of an outcome and for those it may equal.
type report struct {
	ID         string
	OccurredAt int64
	seq        int64 // of the transaction; 0: it is unknown
}

// reported numbers the transactions of reports, and finds the outcomes that the
// reports may equal.
func (s *Store) reported(ctx context.Context, tx *sql.Tx, reports []report) (map[fraud.Outcome]fraud.Outcome, error) {
	text, err := asJSON(reports)
	if err != nil {
		return nil, err
	}
	stand := make(map[fraud.Outcome]fraud.Outcome, len(reports))
	var key int
	var seq int64
	var row outcomeRow
	rows, err := tx.StmtContext(ctx, s.findReported).QueryContext(ctx, text)
	return stand, each(rows, err, append([]any{&key, &seq}, row.dest()...), func() {
		reports[key].seq = seq
		if o := row.get(reports[key].ID); o != nil {
			stand[same(*o)] = *o
		}
	})
}

// same strips an outcome to what makes it equal to another.
func same(o fraud.Outcome) fraud.Outcome {
	o.ReportedAt, o.ReportedBy = time.Time{}, ""
	return o
}

// settle answers each outcome, by those that stand and by the earlier ones of
// this call, and returns the values of the rows to insert.
func settle(outcomes []fraud.Outcome, reports []report, stand map[fraud.Outcome]fraud.Outcome, results []fraud.OutcomeResult) (values []any) {
	now := time.Now().UnixMicro()
	for i, o := range outcomes {
		seq, occurred := reports[i].seq, reports[i].OccurredAt
		if seq == 0 {
			results[i].Err = fraud.TransactionUnknown(o.TransactionID)
			continue
		}
		o.OccurredAt, o.ReportedAt = fromMicros(occurred), fromMicros(now)
		if _, repeated := stand[same(o)]; !repeated {
			stand[same(o)] = o
			values = append(values, seq, o.Label, o.Source, occurred, o.Note, now, o.ReportedBy)
		}
		results[i].Outcome = stand[same(o)]
	}
	return values
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
