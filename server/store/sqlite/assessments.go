package sqlite

import (
	"context"
	"database/sql"
	"math"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// The number 0, which none has, stands for no assessment.
	lookUpSQL = `
		SELECT key, ` + recordedColumns + `,
			coalesce(assessment_seq, 0), ?2, coalesce(label, 0), coalesce(probability, 0.0), threshold,
			coalesce(assessed_at, 0), coalesce(assessed_by, '')
		FROM json_each(?1) CROSS JOIN transactions ON transaction_id = value JOIN accounts USING (account_seq)
		LEFT JOIN assessments ON assessments.transaction_seq = transactions.transaction_seq AND model_version = ?2`

	recordedColumns = `transactions.transaction_seq, transaction_id, account_id, amount, currency, time,
		age_of_account, number_of_transactions`

	insertAssessmentsSQL = `INSERT INTO assessments (transaction_seq, model_version, label, probability,
		threshold, assessed_at, assessed_by)`
	firstStandsSQL = `ON CONFLICT (transaction_seq, model_version) DO NOTHING`

	findEarlierSQL = `
		SELECT key, assessment_seq, model_version, label, probability, threshold, assessed_at, assessed_by
		FROM json_each(?) CROSS JOIN assessments
			ON transaction_seq = value->>'Seq' AND model_version = value->>'Version'
		WHERE assessment_seq <= (SELECT max(assessment_seq) - ? FROM assessments)`
)

// recordedRow receives recordedColumns.
type recordedRow struct {
	fraud.Recorded
	micros int64
}

func (r *recordedRow) dest() []any {
	f := &r.Facts
	return []any{&r.Seq, &r.ID, &f.AccountID, &f.Amount, &f.Currency, &r.micros, &f.AgeOfAccount, &f.NumberOfTransactions}
}

func (r *recordedRow) get() fraud.Recorded {
	r.Facts.Time = fromMicros(r.micros)
	return r.Recorded
}

// assessmentRow receives an assessment's columns.
type assessmentRow struct {
	fraud.Assessment
	seq       int64
	threshold sql.NullFloat64
	micros    int64
}

func (r *assessmentRow) dest() []any {
	return []any{&r.seq, &r.ModelVersion, &r.Label, &r.Probability, &r.threshold, &r.micros, &r.AssessedBy}
}

func (r *assessmentRow) get(of fraud.Recorded) fraud.Assessment {
	a := r.Assessment
	a.Transaction, a.AssessedAt, a.FromRecord = of, fromMicros(r.micros), true
	a.Threshold = math.NaN()
	if r.threshold.Valid {
		a.Threshold = r.threshold.Float64
	}
	return a
}

// LookUp implements fraud.Assessments.
func (s *Store) LookUp(ctx context.Context, ids []string, modelVersion string) ([]fraud.LookUpResult, error) {
	results := make([]fraud.LookUpResult, len(ids))
	if len(ids) == 0 {
		return results, nil
	}
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	var key int
	var t recordedRow
	var a assessmentRow
	dest := append(append([]any{&key}, t.dest()...), a.dest()...)
	err = s.call(ctx, "look up transactions", func() error {
		rows, err := s.lookUp.QueryContext(ctx, text, modelVersion)
		return each(rows, err, dest, func() {
			results[key].Transaction = t.get()
			if a.seq != 0 {
				found := a.get(results[key].Transaction)
				results[key].Assessment = &found
			}
		})
	})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if results[i].Transaction.Seq == 0 {
			results[i].Err = fraud.TransactionUnknown(id)
		}
	}
	return results, nil
}

// RecordAssessments implements fraud.Assessments.
func (s *Store) RecordAssessments(ctx context.Context, assessments []fraud.Assessment) ([]fraud.Assessment, error) {
	stand := make([]fraud.Assessment, len(assessments))
	if len(assessments) == 0 {
		return stand, nil
	}
	values := make([]any, 0, len(assessments)*s.insertAssessments.columns)
	for i, a := range assessments {
		micros := a.AssessedAt.UnixMicro()
		threshold := sql.NullFloat64{Float64: a.Threshold, Valid: !math.IsNaN(a.Threshold)}
		values = append(values, a.Transaction.Seq, a.ModelVersion, a.Label, a.Probability, threshold, micros, a.AssessedBy)
		stand[i] = a
		stand[i].AssessedAt, stand[i].FromRecord = fromMicros(micros), false
	}
	err := s.update(ctx, "record assessments", func(tx *sql.Tx) error {
		inserted, err := s.insertAssessments.exec(ctx, tx, values)
		if err != nil || inserted == int64(len(stand)) {
			return err
		}
		return findEarlier(ctx, tx, inserted, stand)
	})
	if err != nil {
		return nil, err
	}
	return stand, nil
}

// pair is what at most one assessment may stand for.
type pair struct {
	Seq     int64
	Version string
}

// findEarlier replaces the assessments whose pair was recorded before the last
// inserted ones, with what was recorded then.
func findEarlier(ctx context.Context, tx *sql.Tx, inserted int64, stand []fraud.Assessment) error {
	pairs := make([]pair, len(stand))
	for i, a := range stand {
		pairs[i] = pair{a.Transaction.Seq, a.ModelVersion}
	}
	text, err := asJSON(pairs)
	if err != nil {
		return err
	}
	var key int
	var row assessmentRow
	rows, err := tx.QueryContext(ctx, findEarlierSQL, text, inserted)
	return each(rows, err, append([]any{&key}, row.dest()...), func() {
		stand[key] = row.get(stand[key].Transaction)
	})
}
