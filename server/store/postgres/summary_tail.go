package postgres

import (
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	tailSQL = `
		SELECT assessment_seq, outcome_seq, (SELECT last FROM record_ends WHERE kind = 'assessments'),
			(SELECT last FROM record_ends WHERE kind = 'outcomes')
		FROM summary_marks`

	scoredColumns = `assessment_seq, outcome_seq, occurred_at, outcomes.label, assessed_at, probability, assessments.label`
)

// Each assessment comes with its transaction's outcomes, and which one stands is seen
// outside. They are put in order before anything is joined to them.
var tailAssessmentsSQL = `
	WITH page AS MATERIALIZED (
		SELECT * FROM assessments WHERE assessment_seq > $2 AND assessment_seq <= $3 ORDER BY assessment_seq)
	SELECT ` + scoredColumns + `
	FROM page AS assessments
	LEFT JOIN LATERAL (SELECT * FROM outcomes AS o WHERE o.transaction_seq = assessments.transaction_seq OFFSET 0) AS outcomes
		ON outcome_seq <= $1
	ORDER BY assessment_seq`

var tailOutcomesSQL = `
	WITH changed AS MATERIALIZED (SELECT DISTINCT transaction_seq FROM outcomes WHERE outcome_seq > $1 AND outcome_seq <= $2)
	SELECT ` + scoredColumns + `
	FROM changed` + found("assessments AS a", "assessments", "a.transaction_seq = changed.transaction_seq") +
	found("outcomes AS o", "outcomes", "o.transaction_seq = changed.transaction_seq") + `
	WHERE assessment_seq <= $3 AND outcome_seq <= $2
	ORDER BY assessment_seq`

func readTail(c *conn) (t reckon.Tail, err error) {
	err = each(c, tailSQL, func(r *row) {
		t = reckon.Tail{Folded: reckon.Marks{Assessment: r.int(), Outcome: r.int()}, End: reckon.Marks{Assessment: r.int(), Outcome: r.int()}}
	})
	return t, err
}

// eachAssessment tells of those with numbers after one and not after another, by
// the outcomes with numbers up to asOf.
func eachAssessment(c *conn, after, upTo, asOf int64, add reckon.Counter) error {
	return eachScored(c, tailAssessmentsSQL, asOf, reckon.Counted(add), asOf, after, upTo)
}

// eachMove tells of the assessments with numbers up to assessments that moved
// from one cell to another as the outcomes arrived that have numbers after one
// and not after another.
func eachMove(c *conn, after, upTo, assessments int64, add reckon.Counter) error {
	return eachScored(c, tailOutcomesSQL, after, reckon.Moved(add), after, upTo, assessments)
}

// eachScored reads scoredColumns and tells of each assessment once, with the
// reports up to a number apart.
func eachScored(c *conn, sql string, before int64, do func(a *reckon.Scored), args ...any) error {
	scores := reckon.Scores{Before: before, Do: do}
	err := each(c, sql, func(r *row) {
		seq, report := r.int(), reckon.Newest{Seq: r.int(), OccurredAt: r.int(), Label: fraud.OutcomeLabel(r.int())}
		if scores.Begins(seq) {
			scores.Begin(seq, r.int(), r.float(), r.bool())
		}
		scores.See(report) // without one the columns are NULL
	}, args...)
	if err == nil {
		scores.End()
	}
	return err
}
