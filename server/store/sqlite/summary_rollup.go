package sqlite

import (
	"fmt"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// A rollup has the counts of each span of a length in a table.
type rollup struct {
	minutes     int64
	read, write string
}

func newRollup(table string, minutes int64) rollup {
	return rollup{minutes: minutes,
		read:  `SELECT start, counts FROM ` + table + ` WHERE start >= ? AND start < ?`,
		write: `INSERT OR REPLACE INTO ` + table + ` (start, counts) VALUES (?, ?)`,
	}
}

var (
	byMinute = newRollup("summary_minutes", 1)
	byHour   = newRollup("summary_hours", 60)
)

// addTo adds the rows from one start on and before another to the counts that
// each belongs to.
func (u rollup) addTo(c *engine.Conn, from, before int64, of func(start int64) *reckon.Counts) error {
	var broken error
	var buffer [reckon.MaxPacked]byte
	err := each(c, u.read, func(p *params) { p.int(from); p.int(before) }, func(r *row) {
		start := r.int()
		if err := of(start).Add(r.blob(buffer[:])); err != nil && broken == nil {
			broken = fmt.Errorf("row %d of %d minutes: %w", start, u.minutes, err)
		}
	})
	if err != nil {
		return err
	}
	return broken
}

func (u rollup) save(c *engine.Conn, rows []reckon.Packed) error {
	for _, row := range rows {
		if err := each(c, u.write, func(p *params) { p.int(row.Start); p.bytes(row.Counts) }, nil); err != nil {
			return err
		}
	}
	return nil
}

// with is what changes make of its rows.
func (u rollup) with(c *engine.Conn, changes reckon.Changes) ([]reckon.Packed, error) {
	return changes.AddTo(u.minutes, func(start int64, to *reckon.Counts) error {
		return u.addTo(c, start, start+1, func(int64) *reckon.Counts { return to })
	})
}
