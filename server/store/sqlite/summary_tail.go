package sqlite

import (
	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// marks are numbers of the last assessment and the last outcome.
type marks struct{ assessment, outcome int64 }

// tail is what the rollup does not have yet: behind folded, up to end.
type tail struct{ folded, end marks }

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

func readTail(c *engine.Conn) (t tail, err error) {
	err = each(c, tailSQL, nil, func(r *row) {
		t = tail{marks{r.int(), r.int()}, marks{r.int(), r.int()}}
	})
	return t, err
}

// counter is told that, of the assessments made at a time, n more are of a cell.
type counter func(at int64, of cell, n int64)

// eachAssessment tells of those with numbers after one and not after another, by
// the outcomes with numbers up to asOf.
func eachAssessment(c *engine.Conn, after, upTo, asOf int64, add counter) error {
	bind := func(p *params) { p.int(asOf); p.int(after); p.int(upTo) }
	return eachScored(c, tailAssessmentsSQL, bind, asOf, func(a *scored) { add(a.at, a.cell(a.now), 1) })
}

// eachMove tells of the assessments with numbers up to assessments that moved
// from one cell to another as the outcomes arrived that have numbers after one
// and not after another.
func eachMove(c *engine.Conn, after, upTo, assessments int64, add counter) error {
	bind := func(p *params) { p.int(after); p.int(upTo); p.int(upTo); p.int(assessments) }
	return eachScored(c, tailOutcomesSQL, bind, after, func(a *scored) {
		if before, now := a.cell(a.before), a.cell(a.now); before != now {
			add(a.at, before, -1)
			add(a.at, now, 1)
		}
	})
}

// scored is an assessment with the newest report about its transaction.
type scored struct {
	seq, at     int64
	probability float64
	flagged     bool
	before      newest // of the reports up to a number
	now         newest // of all that are looked at
}

func (a *scored) cell(by newest) cell { return cellOf(a.probability, a.flagged, by.label) }

type newest struct {
	occurredAt, seq int64
	label           fraud.OutcomeLabel // OutcomeUnknown: there is none
}

func (n *newest) see(o newest) {
	if n.label == fraud.OutcomeUnknown || o.occurredAt > n.occurredAt || o.occurredAt == n.occurredAt && o.seq > n.seq {
		*n = o
	}
}

// eachScored reads scoredColumns, of which those of an assessment follow one
// another, and tells of each assessment once.
func eachScored(c *engine.Conn, sql string, bind func(p *params), before int64, do func(a *scored)) error {
	var a scored
	err := each(c, sql, bind, func(r *row) {
		seq, report := r.int(), newest{seq: r.int(), occurredAt: r.int(), label: fraud.OutcomeLabel(r.int())}
		if seq != a.seq {
			if a.seq != 0 {
				do(&a)
			}
			a = scored{seq: seq, at: r.int(), probability: r.float(), flagged: r.bool()}
		}
		if report.label == fraud.OutcomeUnknown {
			return // the columns are NULL
		}
		a.now.see(report)
		if report.seq <= before {
			a.before.see(report)
		}
	})
	if err == nil && a.seq != 0 {
		do(&a)
	}
	return err
}
