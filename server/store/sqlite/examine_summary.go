package sqlite

import (
	"fmt"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
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
	if left.Folded.Assessment > left.End.Assessment || left.Folded.Outcome > left.End.Outcome ||
		left.Folded.Assessment < 0 || left.Folded.Outcome < 0 {
		to.wrong("the marks are at assessment %d and outcome %d, of %d and %d",
			left.Folded.Assessment, left.Folded.Outcome, left.End.Assessment, left.End.Outcome)
		return nil
	}
	recounts := []*recount{{rollup: byMinute, table: "summary_minutes"}, {rollup: byHour, table: "summary_hours"}}
	bind := func(p *params) { p.int(left.Folded.Outcome); p.int(left.Folded.Assessment) }
	err = eachScored(c, recountSQL, bind, left.Folded.Outcome, func(a *reckon.Scored) {
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
	sum   reckon.Counts
	spans int64 // that have something
	any   bool  // whether sum is of a span
}

func (r *recount) add(c *engine.Conn, a *reckon.Scored, to *Check) {
	if start := a.At / reckon.MicrosPerMinute / r.minutes; !r.any || start != r.start {
		r.compare(c, to)
		r.start, r.sum, r.any = start, reckon.Counts{}, true
		r.spans++
	}
	r.sum[a.Cell(a.Now)]++
}

// compare holds the span at hand to its row.
func (r *recount) compare(c *engine.Conn, to *Check) {
	if !r.any {
		return
	}
	var folded reckon.Counts
	if err := r.addTo(c, r.start, r.start+1, func(int64) *reckon.Counts { return &folded }); err != nil {
		to.wrong("%v", err)
	} else if folded != r.sum {
		to.wrong("row %d of %s counts %d assessments where there are %d, or counts them as what they are not",
			r.start, r.table, folded.Bucket().Assessed, r.sum.Bucket().Assessed)
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
