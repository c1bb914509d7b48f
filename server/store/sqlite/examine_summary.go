package sqlite

import (
	"fmt"

	engine "zombiezen.com/go/sqlite"
)

// Those that are folded, in order of the time they were made at: a minute's and
// an hour's follow one another.
const recountSQL = `
	SELECT ` + scoredColumns + `
	FROM assessments LEFT JOIN outcomes
		ON outcomes.transaction_seq = assessments.transaction_seq AND +outcome_seq <= ?
	WHERE assessment_seq <= ? ORDER BY assessed_at, assessment_seq`

// lookAtSummaries counts once more what is folded, a minute and an hour at a
// time.
func lookAtSummaries(c *engine.Conn, to *Check) error {
	left, err := readTail(c)
	if err != nil {
		return err
	}
	if left.folded.assessment > left.end.assessment || left.folded.outcome > left.end.outcome ||
		left.folded.assessment < 0 || left.folded.outcome < 0 {
		to.wrong("the marks are at assessment %d and outcome %d, of %d and %d",
			left.folded.assessment, left.folded.outcome, left.end.assessment, left.end.outcome)
		return nil
	}
	recounts := []*recount{{rollup: byMinute, table: "summary_minutes"}, {rollup: byHour, table: "summary_hours"}}
	bind := func(p *params) { p.int(left.folded.outcome); p.int(left.folded.assessment) }
	err = eachScored(c, recountSQL, bind, left.folded.outcome, func(a *scored) {
		to.Looked++
		for _, of := range recounts {
			of.add(c, a, to)
		}
	})
	for _, of := range recounts {
		if err == nil {
			err = of.end(c, to)
		}
	}
	return err
}

// recount is that of one rollup.
type recount struct {
	rollup
	table string
	start int64 // of the span at hand
	sum   counts
	spans int64 // that have something
	any   bool  // whether sum is of a span
}

func (r *recount) add(c *engine.Conn, a *scored, to *Check) {
	if start := a.at / microsPerMinute / r.minutes; !r.any || start != r.start {
		r.compare(c, to)
		r.start, r.sum, r.any = start, counts{}, true
		r.spans++
	}
	r.sum[a.cell(a.now)]++
}

// compare holds the span at hand to its row.
func (r *recount) compare(c *engine.Conn, to *Check) {
	if !r.any {
		return
	}
	var folded counts
	if err := r.addTo(c, r.start, r.start+1, func(int64) *counts { return &folded }); err != nil {
		to.wrong("%v", err)
	} else if folded != r.sum {
		to.wrong("row %d of %s counts %d assessments where there are %d, or counts them as what they are not",
			r.start, r.table, folded.bucket().Assessed, r.sum.bucket().Assessed)
	}
}

// end compares the last span, and sees that there are no rows but those.
func (r *recount) end(c *engine.Conn, to *Check) error {
	r.compare(c, to)
	var rows int64
	err := each(c, fmt.Sprintf("SELECT count(*) FROM %s WHERE length(counts) > 0", r.table), nil, func(row *row) { rows = row.int() })
	if err == nil && rows > r.spans {
		to.wrong("%s has %d rows for %d spans in which something was assessed", r.table, rows, r.spans)
	}
	return err
}
