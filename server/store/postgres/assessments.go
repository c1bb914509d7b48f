package postgres

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

var lookUpSQL = `
	SELECT key, transactions.transaction_seq, ` + factColumns + `, ` + assessmentColumns + `
	FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, key)` +
	found("transaction_ids AS i", "ids", "i.transaction_id = id") + withTransaction("ids.transaction_seq") + `
	LEFT JOIN LATERAL (SELECT * FROM assessments AS a
		WHERE a.transaction_seq = transactions.transaction_seq AND model_version = $2 OFFSET 0) AS assessments ON true`

var findEarlierSQL = `
	SELECT key, ` + assessmentColumns + `
	FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS asked (seq, version, key)` +
	found("assessments AS a", "assessments", "a.transaction_seq = seq AND model_version = version") + `
	WHERE assessment_seq < $3 OR assessment_seq >= $3 + $4`

const (
	// The assessment comes last, NULL where there is none.
	assessmentColumns = `assessment_seq, assessments.label, probability, threshold, assessed_at, assessed_by`

	// Who records assessments waits here for others that do: what follows sees all
	// that they have recorded.
	lockAssessmentsSQL = `SELECT FROM record_ends WHERE kind = 'assessments' FOR UPDATE`

	// A number above all that were given to transactions becomes NULL, which the
	// table refuses: it stands in for a foreign key, which would look at each of them.
	insertAssessmentsSQL = `
		WITH asked AS MATERIALIZED (
			SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::double precision[], $5::double precision[], $6::bigint[], $7::text[])
			WITH ORDINALITY AS asked (seq, version, label, probability, threshold, assessed_at, assessed_by, key)
		), fresh AS MATERIALIZED (
			SELECT asked.*, row_number() OVER (ORDER BY key) AS place FROM asked
			WHERE (SELECT 1 FROM assessments WHERE transaction_seq = seq AND model_version = version) IS NULL
		), ended AS (
			UPDATE record_ends SET last = last + (SELECT count(*) FROM fresh) WHERE kind = 'assessments'
			RETURNING last - (SELECT count(*) FROM fresh) AS before
		)
		INSERT INTO assessments (assessment_seq, transaction_seq, model_version, label, probability, threshold, assessed_at, assessed_by)
		SELECT before + place, CASE WHEN seq & ((1::bigint << 40) - 1) <= (SELECT last_value FROM transaction_numbers) THEN seq END,
			version, label, probability, threshold, assessed_at, assessed_by FROM fresh, ended
		RETURNING assessment_seq`

	notifySQL = `NOTIFY brrr_recorded`
)

// assessment reads assessmentColumns.
func (r *row) assessment(of fraud.Recorded, modelVersion string) (seq int64, a fraud.Assessment) {
	seq = r.int()
	a = fraud.Assessment{Transaction: of, ModelVersion: modelVersion, Label: r.bool(), Probability: r.float(),
		Threshold: r.known(), AssessedAt: r.time(), AssessedBy: r.text(), FromRecord: true}
	return seq, a
}

// LookUp implements fraud.Assessments.
func (s *Store) LookUp(ctx context.Context, ids []string, modelVersion string) ([]fraud.LookUpResult, error) {
	results := make([]fraud.LookUpResult, len(ids))
	if len(ids) == 0 {
		return results, nil
	}
	err := s.call(ctx, ctx, "look up transactions", s.batches, isPassing, func(c *conn) error {
		var last fraud.Recorded
		return each(c, lookUpSQL, func(r *row) {
			key := r.int() - 1
			last = fraud.Recorded{Seq: r.int(), ID: ids[key], Facts: r.facts(last.Facts)}
			results[key].Transaction = last
			if !r.isNull() {
				_, found := r.assessment(last, modelVersion)
				results[key].Assessment = &found
			}
		}, searchables(ids), modelVersion)
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
	for i, a := range assessments {
		stand[i] = a
		stand[i].AssessedAt, stand[i].FromRecord = fromMicros(a.AssessedAt.UnixMicro()), false
	}
	err := s.update(ctx, "record assessments", func(c *conn) error { return insertOrFind(ctx, c, stand) })
	if err != nil {
		return nil, err
	}
	s.folding.Wrote(len(stand))
	return stand, nil
}

// insertOrFind records assessments in one round trip, and replaces those whose
// transaction the model has assessed before with what is recorded.
func insertOrFind(ctx context.Context, c *conn, stand []fraud.Assessment) error {
	type a = fraud.Assessment
	seqs := column(stand, func(a *a) int64 { return a.Transaction.Seq })
	versions := column(stand, func(a *a) string { return a.ModelVersion })
	var inserted, first int64
	var all statements
	all.add(lockAssessmentsSQL, nil)
	all.add(insertAssessmentsSQL, func(r *row) {
		if number := r.int(); inserted == 0 || number < first {
			first = number
		}
		inserted++
	}, seqs, versions,
		column(stand, func(a *a) bool { return a.Label }),
		column(stand, func(a *a) float64 { return a.Probability }),
		column(stand, func(a *a) *float64 { return known(a.Threshold) }),
		column(stand, func(a *a) int64 { return a.AssessedAt.UnixMicro() }),
		column(stand, func(a *a) string { return a.AssessedBy }))
	all.add(notifySQL, nil)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := all.run(c); err != nil || inserted == int64(len(stand)) {
		return err
	}
	return each(c, findEarlierSQL, func(r *row) {
		key := r.int() - 1
		_, stand[key] = r.assessment(stand[key].Transaction, stand[key].ModelVersion)
	}, seqs, versions, first, inserted)
}
