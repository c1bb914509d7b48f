package sqlite

import (
	"context"
	"fmt"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// The assessment comes last, NULL where there is none. CROSS JOIN keeps the
	// order of joining: for each ID one look into an index.
	lookUpSQL = `
		SELECT key, transactions.transaction_seq, ` + factColumns + `, ` + assessmentColumns + `
		FROM json_each(?1) CROSS JOIN transactions ON transaction_id = value JOIN accounts USING (account_seq)
		LEFT JOIN assessments ON assessments.transaction_seq = transactions.transaction_seq
			AND model_version = ?2`

	assessmentColumns = `assessment_seq, assessments.label, probability, threshold, assessed_at, assessed_by`

	// Nothing is ever deleted, so that the numbers up to the last are all given.
	lastTransactionSQL = `SELECT coalesce(max(transaction_seq), 0) FROM transactions`

	findEarlierSQL = `
		SELECT key, ` + assessmentColumns + `
		FROM json_each(?) CROSS JOIN assessments
			ON transaction_seq = value->>'Seq' AND model_version = value->>'Version'
		WHERE assessment_seq <= (SELECT max(assessment_seq) - ? FROM assessments)`
)

var insertAssessments = newBulk(`assessments (transaction_seq, model_version, label, probability,
	threshold, assessed_at, assessed_by)`, 7, `ON CONFLICT (transaction_seq, model_version) DO NOTHING`)

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
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	var last fraud.Recorded
	err = s.call(ctx, "look up transactions", s.lookUps, func(c *engine.Conn) error {
		return each(c, lookUpSQL, func(p *params) { p.text(text); p.text(modelVersion) }, func(r *row) {
			key := r.int()
			last = fraud.Recorded{Seq: r.int(), ID: ids[key], Facts: r.facts(last.Facts)}
			results[key].Transaction = last
			if !r.isNull() {
				_, found := r.assessment(last, modelVersion)
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
	for i, a := range assessments {
		stand[i] = a
		stand[i].AssessedAt, stand[i].FromRecord = fromMicros(a.AssessedAt.UnixMicro()), false
	}
	err := s.update(ctx, "record assessments", func(c *engine.Conn) error { return insertOrFind(c, stand) })
	if err != nil {
		return nil, err
	}
	s.folding.Wrote(len(stand))
	return stand, nil
}

// insertOrFind records assessments, and replaces those whose transaction the
// model has assessed before with what is recorded.
func insertOrFind(c *engine.Conn, stand []fraud.Assessment) error {
	if err := checkRecorded(c, stand); err != nil {
		return err
	}
	inserted, err := insertAssessments.insert(c, len(stand), func(p *params, i int) {
		a := &stand[i]
		p.int(a.Transaction.Seq)
		p.text(a.ModelVersion)
		p.bool(a.Label)
		p.float(a.Probability)
		p.known(a.Threshold)
		p.time(a.AssessedAt)
		p.text(a.AssessedBy)
	})
	if err != nil || inserted == int64(len(stand)) {
		return err
	}
	return findEarlier(c, inserted, stand)
}

// checkRecorded stands in for a foreign key, which would look at each of the
// transactions: their numbers are given if they are not above the last.
func checkRecorded(c *engine.Conn, assessments []fraud.Assessment) error {
	var last int64
	err := each(c, lastTransactionSQL, nil, func(r *row) { last = r.int() })
	for _, a := range assessments {
		if seq := a.Transaction.Seq; err == nil && (seq < 1 || seq > last) {
			err = fmt.Errorf("no transaction has number %d", seq)
		}
	}
	return err
}

// pair is what at most one assessment may stand for.
type pair struct {
	Seq     int64
	Version string
}

// findEarlier replaces the assessments whose pair was recorded before the last
// inserted ones, with what was recorded then.
func findEarlier(c *engine.Conn, inserted int64, stand []fraud.Assessment) error {
	pairs := make([]pair, len(stand))
	for i, a := range stand {
		pairs[i] = pair{a.Transaction.Seq, a.ModelVersion}
	}
	text, err := asJSON(pairs)
	if err != nil {
		return err
	}
	return each(c, findEarlierSQL, func(p *params) { p.text(text); p.int(inserted) }, func(r *row) {
		key := r.int()
		_, stand[key] = r.assessment(stand[key].Transaction, stand[key].ModelVersion)
	})
}
