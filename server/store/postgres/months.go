package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A transaction's number has the month it was recorded in, counted from January of
// year 0, above monthBits: partitions are of ranges of numbers.
const monthBits = 40

// monthSQL is the present month by the clock of the database, which all gateways
// share.
const monthSQL = `(extract(year FROM now() AT TIME ZONE 'UTC') * 12 + extract(month FROM now() AT TIME ZONE 'UTC') - 1)::bigint`

// ahead is how many months there are partitions for beyond the present one.
const ahead = 2

// partitioned are the tables that have a partition for each month.
var partitioned = [...]string{"transactions", "assessments", "outcomes"}

// month is one that partitions are of.
type month int64

// String is like 2026_11, as in the names of partitions.
func (m month) String() string { return fmt.Sprintf("%04d_%02d", m/12, m%12+1) }

// first is the first number of the month.
func (m month) first() int64 { return int64(m) << monthBits }

// months sees to it that there are partitions for what is to come.
type months struct {
	store *Store
	stop  context.CancelFunc
	wait  sync.WaitGroup
}

func newMonths(s *Store) *months { return &months{store: s, stop: func() {}} }

// lookForMonths is how often a gateway looks whether a partition is wanting. They
// are made months ahead.
const lookForMonths = 6 * time.Hour

// prepare makes the partitions that are wanting, and goes on to do so.
func (m *months) prepare(ctx context.Context) error {
	if err := m.add(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.Background())
	m.stop = stop
	m.wait.Go(func() {
		tick := time.NewTicker(lookForMonths)
		defer tick.Stop()
		for {
			select {
			case <-background.Done():
				return
			case <-tick.C:
			}
			if err := m.add(background); err != nil && background.Err() == nil {
				slog.Error("partitions of the months to come cannot be made: have brrr migrate run by who may", "error", err)
			}
		}
	})
	return nil
}

func (m *months) end() {
	m.stop()
	m.wait.Wait()
}

func (m *months) add(ctx context.Context) error {
	return m.store.update(ctx, "make partitions", makeMonths)
}

// addMonths does the same without a store.
func addMonths(ctx context.Context, url string) error {
	p, err := openPool(ctx, url, 1)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.with(ctx, ctx, makeMonths)
}

const (
	wantedMonthsSQL = `
		SELECT wanted FROM generate_series(` + monthSQL + `, ` + monthSQL + ` + $1::bigint) AS wanted
		WHERE NOT EXISTS (SELECT FROM months WHERE month = wanted) ORDER BY wanted`

	// One gateway at a time makes partitions.
	lockMonthsSQL = `LOCK TABLE months IN SHARE UPDATE EXCLUSIVE MODE`

	addMonthSQL = `INSERT INTO months (month) VALUES ($1)`
)

func makeMonths(c *conn) error {
	wanted, err := wantedMonths(c)
	if err != nil || len(wanted) == 0 {
		return err
	}
	tx, err := c.Begin(c.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(c.ctx) }() // of what is committed it does nothing
	if err := each(c, lockMonthsSQL, nil); err != nil {
		return err
	}
	if wanted, err = wantedMonths(c); err != nil {
		return err
	}
	for _, m := range wanted {
		if err := makeMonth(c, m); err != nil {
			return err
		}
	}
	return tx.Commit(c.ctx)
}

func wantedMonths(c *conn) (wanted []month, err error) {
	err = each(c, wantedMonthsSQL, func(r *row) { wanted = append(wanted, month(r.int())) }, ahead)
	return wanted, err
}

// makeMonth makes a partition of each table. Made first and then attached, it
// keeps nobody from reading or writing the others.
func makeMonth(c *conn, m month) error {
	for _, table := range partitioned {
		name := table + "_" + m.String()
		for _, sql := range []string{
			`CREATE TABLE ` + name + ` (LIKE ` + table + ` INCLUDING ALL)`,
			fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)`, table, name, m.first(), (m + 1).first()),
		} {
			if _, err := c.Exec(c.ctx, sql); err != nil {
				return err
			}
		}
	}
	return each(c, addMonthSQL, nil, int64(m))
}
