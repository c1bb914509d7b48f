package postgres

import (
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// A rollup has the counts of each span of a length in a table.
type rollup struct {
	minutes           int64
	span, some, write string
}

func newRollup(table string, minutes int64) rollup {
	return rollup{minutes: minutes,
		span: `SELECT start, counts FROM ` + table + ` WHERE start >= $1 AND start < $2`,
		some: `SELECT asked.start, counts FROM unnest($1::bigint[]) AS asked (start)` + found(table+" AS s", "stored", "s.start = asked.start"),
		write: `INSERT INTO ` + table + ` (start, counts) SELECT * FROM unnest($1::bigint[], $2::bytea[])
			ON CONFLICT (start) DO UPDATE SET counts = excluded.counts`,
	}
}

var (
	byMinute = newRollup("summary_minutes", 1)
	byHour   = newRollup("summary_hours", 60)
)

// each adds the rows that a query finds to the counts that each belongs to.
func (u rollup) each(c *conn, of func(start int64) *reckon.Counts, query string, args ...any) error {
	var broken error
	err := each(c, query, func(r *row) {
		start := r.int()
		if err := of(start).Add(r.blob()); err != nil && broken == nil {
			broken = fmt.Errorf("row %d of %d minutes: %w", start, u.minutes, err)
		}
	}, args...)
	if err != nil {
		return err
	}
	return broken
}

// with is what changes make of its rows, which are read at once.
func (u rollup) with(c *conn, changes reckon.Changes) ([]reckon.Packed, error) {
	rows := map[int64]*reckon.Counts{}
	err := u.each(c, func(start int64) *reckon.Counts {
		rows[start] = new(reckon.Counts)
		return rows[start]
	}, u.some, changes.Starts(u.minutes))
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
