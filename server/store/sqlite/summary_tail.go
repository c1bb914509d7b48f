package sqlite

import (
	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	tailSQL = `
		SELECT assessment_seq, outcome_seq, (SELECT coalesce(max(assessment_seq), 0) FROM assessments),
			(SELECT coalesce(max(outcome_seq), 0) FROM outcomes)
		FROM summary_marks`

	// Each assessment comes with its transaction's outcomes, and which one stands is
	// seen outside: to choose it in SQLite took twice as long. The plus keeps SQLite
	// from going through all outcomes up to a number.
	tailAssessmentsSQL = `
		SELECT ` + scoredColumns + `
		FROM assessments LEFT JOIN outcomes
			ON outcomes.transaction_seq = assessments.transaction_seq AND +outcome_seq <= ?
		WHERE assessment_seq > ? AND assessment_seq <= ?`

	tailOutcomesSQL = `
		WITH changed AS (SELECT DISTINCT transaction_seq FROM outcomes WHERE outcome_seq > ? AND outcome_seq <= ?)
		SELECT ` + scoredColumns + `
		FROM changed CROSS JOIN assessments USING (transaction_seq) CROSS JOIN outcomes
			ON outcomes.transaction_seq = changed.transaction_seq AND +outcome_seq <= ?
		WHERE assessment_seq <= ?`

	scoredColumns = `assessment_seq, outcome_seq, occurred_at, outcomes.label, assessed_at, probability, assessments.label`
)

func readTail(c *engine.Conn) (t reckon.Tail, err error) {
	err = each(c, tailSQL, nil, func(r *row) {
		t = reckon.Tail{Folded: reckon.Marks{Assessment: r.int(), Outcome: r.int()}, End: reckon.Marks{Assessment: r.int(), Outcome: r.int()}}
	})
	return t, err
}

// eachAssessment tells of those with numbers after one and not after another, by
// the outcomes with numbers up to asOf.
func eachAssessment(c *engine.Conn, after, upTo, asOf int64, add reckon.Counter) error {
	bind := func(p *params) { p.int(asOf); p.int(after); p.int(upTo) }
	return eachScored(c, tailAssessmentsSQL, bind, asOf, reckon.Counted(add))
}

// eachMove tells of the assessments with numbers up to assessments that moved
// from one cell to another as the outcomes arrived that have numbers after one
// and not after another.
func eachMove(c *engine.Conn, after, upTo, assessments int64, add reckon.Counter) error {
	bind := func(p *params) { p.int(after); p.int(upTo); p.int(upTo); p.int(assessments) }
	return eachScored(c, tailOutcomesSQL, bind, after, reckon.Moved(add))
}

// eachScored reads scoredColumns and tells of each assessment once, with the
// reports up to a number apart.
func eachScored(c *engine.Conn, sql string, bind func(p *params), before int64, do func(a *reckon.Scored)) error {
	scores := reckon.Scores{Before: before, Do: do}
	err := each(c, sql, bind, func(r *row) {
		seq, report := r.int(), reckon.Newest{Seq: r.int(), OccurredAt: r.int(), Label: fraud.OutcomeLabel(r.int())}
		if scores.Begins(seq) {
			scores.Begin(seq, r.int(), r.float(), r.bool())
		}
		scores.See(report) // without one the columns are NULL
	})
	if err == nil {
		scores.End()
	}
	return err
}
