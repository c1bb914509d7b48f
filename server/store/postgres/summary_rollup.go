package postgres

import (
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// A rollup has the counts of each span of a length in a table.
type rollup struct {
	minutes     int64
	read, write string
}

func newRollup(table string, minutes int64) rollup {
	return rollup{minutes: minutes,
		read: `SELECT start, counts FROM ` + table + ` WHERE start >= $1 AND start < $2`,
		write: `INSERT INTO ` + table + ` (start, counts) SELECT * FROM unnest($1::bigint[], $2::bytea[])
			ON CONFLICT (start) DO UPDATE SET counts = excluded.counts`,
	}
}

var (
	byMinute = newRollup("summary_minutes", 1)
	byHour   = newRollup("summary_hours", 60)
)

// each adds the rows from one start on and before another to the counts that
// each belongs to.
func (u rollup) each(c *conn, from, before int64, of func(start int64) *reckon.Counts) error {
	var broken error
	err := each(c, u.read, func(r *row) {
		start := r.int()
		if err := of(start).Add(r.blob()); err != nil && broken == nil {
			broken = fmt.Errorf("row %d of %d minutes: %w", start, u.minutes, err)
		}
	}, from, before)
	if err != nil {
		return err
	}
	return broken
}

// with is what changes make of its rows: all those from the first to the last
// that change are read at once.
func (u rollup) with(c *conn, changes reckon.Changes) ([]reckon.Packed, error) {
	rows := map[int64]*reckon.Counts{}
	first, end := changes.Span(u.minutes)
	err := u.each(c, first, end, func(start int64) *reckon.Counts {
		rows[start] = new(reckon.Counts)
		return rows[start]
	})
	if err != nil {
		return nil, err
	}
	return changes.AddTo(u.minutes, func(start int64, to *reckon.Counts) error {
		if stored := rows[start]; stored != nil {
			*to = *stored
		}
		return nil
	})
}

func (u rollup) save(all *statements, rows []reckon.Packed) {
	all.add(u.write, nil,
		column(rows, func(p *reckon.Packed) int64 { return p.Start }),
		column(rows, func(p *reckon.Packed) []byte { return p.Counts }))
}
