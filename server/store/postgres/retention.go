package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// Dropped is a month that is not kept any more.
type Dropped struct {
	Month        string // like 2025-11, in UTC
	Transactions int64
}

const (
	oldMonthsSQL = `SELECT month FROM months WHERE month < $1 ORDER BY month`

	countMonthSQL = `SELECT count(*) FROM transactions WHERE transaction_seq >= $1 AND transaction_seq < $2`

	// A part at a time, by their numbers.
	forgetIDsSQL = `
		WITH part AS MATERIALIZED (
			SELECT transaction_seq, transaction_id FROM transactions
			WHERE transaction_seq >= $1 AND transaction_seq < $2 ORDER BY transaction_seq LIMIT $3
		), gone AS (
			DELETE FROM transaction_ids WHERE transaction_id = ANY (ARRAY (SELECT transaction_id FROM part))
				AND transaction_seq >= $1 AND transaction_seq < $2
		)
		SELECT count(*), coalesce(max(transaction_seq), 0) FROM part`

	forgetMonthSQL = `DELETE FROM months WHERE month = $1`

	// Whoever reads is not kept waiting by one who waits to drop.
	shortLocksSQL = `SET LOCAL lock_timeout = '200ms'`

	lockNotAvailable = "55P03"
)

const (
	idsAtOnce = 10_000
	// dropEvery is how long to wait until the next attempt to drop what others read.
	dropEvery = time.Second
)

// DropBefore drops what was recorded in months that ended before a time, the oldest
// first: transactions, and what was said of them. Summaries keep their counts, and
// accounts theirs, so that facts stay what they would have been. told hears of each
// month once it is gone. An attempt that is broken off can be repeated.
func (s *Store) DropBefore(ctx context.Context, before time.Time, by string, told func(Dropped)) error {
	for {
		m, found, err := s.oldestBefore(ctx, before)
		if err != nil || !found {
			return err
		}
		dropped, err := s.dropMonth(ctx, m, by)
		if err != nil {
			return err
		}
		told(dropped)
	}
}

// MonthsBefore tells what DropBefore would drop.
func (s *Store) MonthsBefore(ctx context.Context, before time.Time) (all []Dropped, err error) {
	err = s.survey(ctx, "look at old months", func(c *conn) error {
		all = nil
		months, err := oldMonths(c, before)
		for _, m := range months {
			if err == nil {
				var found Dropped
				found, err = countMonth(c, m)
				all = append(all, found)
			}
		}
		return err
	})
	return all, err
}

func (s *Store) oldestBefore(ctx context.Context, before time.Time) (oldest month, found bool, err error) {
	err = s.view(ctx, "find the oldest month", func(c *conn) error {
		months, err := oldMonths(c, before)
		if found = len(months) > 0; found {
			oldest = months[0]
		}
		return err
	})
	return oldest, found, err
}

// oldMonths are those that ended before a time.
func oldMonths(c *conn, before time.Time) (months []month, err error) {
	before = before.UTC()
	now := int64(before.Year())*12 + int64(before.Month()) - 1
	err = each(c, oldMonthsSQL, func(r *row) { months = append(months, month(r.int())) }, now)
	return months, err
}

func countMonth(c *conn, m month) (d Dropped, err error) {
	d.Month = fmt.Sprintf("%04d-%02d", m/12, m%12+1)
	err = each(c, countMonthSQL, func(r *row) { d.Transactions = r.int() }, m.first(), (m + 1).first())
	return d, err
}

func (s *Store) dropMonth(ctx context.Context, m month, by string) (dropped Dropped, err error) {
	err = s.survey(ctx, "count a month", func(c *conn) (err error) { dropped, err = countMonth(c, m); return err })
	if err != nil {
		return dropped, err
	}
	if err := s.forgetIDs(ctx, m); err != nil {
		return dropped, err
	}
	for {
		if err := s.foldAll(ctx); err != nil {
			return dropped, err
		}
		done := false
		err := s.update(ctx, "drop a month", func(c *conn) (err error) {
			done, err = dropPartitions(c, m, fraud.Act{At: time.Now(), Actor: by, Kind: fraud.ActMonthDropped, Object: dropped.Month,
				Detail: fmt.Sprintf("%d transactions", dropped.Transactions)})
			return err
		})
		var told *pgconn.PgError
		if busy := errors.As(err, &told) && told.Code == lockNotAvailable; err != nil && !busy || done {
			return dropped, err
		}
		select { // others read, or have recorded since
		case <-ctx.Done():
			return dropped, ctx.Err()
		case <-time.After(dropEvery):
		}
	}
}

// forgetIDs frees the IDs of a month's transactions.
func (s *Store) forgetIDs(ctx context.Context, m month) error {
	for from, n := m.first(), int64(idsAtOnce); n == idsAtOnce; {
		err := s.update(ctx, "free the IDs of a month", func(c *conn) error {
			return each(c, forgetIDsSQL, func(r *row) {
				n = r.int()
				from = r.int() + 1
			}, from, (m + 1).first(), idsAtOnce)
		})
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	return nil
}

// foldAll has summaries count all there is, since what is dropped cannot be
// counted later.
func (s *Store) foldAll(ctx context.Context) error {
	rest := reckon.NewFolding(nil)
	for {
		var left reckon.Tail
		err := s.view(ctx, "see what summaries have to count", func(c *conn) (err error) { left, err = readTail(c); return err })
		if err != nil || left.Folded == left.End {
			return err
		}
		stride := reckon.Marks{
			Assessment: max(1, min(rest.Stride.Assessment, left.End.Assessment-left.Folded.Assessment)),
			Outcome:    max(1, min(rest.Stride.Outcome, left.End.Outcome-left.Folded.Outcome)),
		}
		if _, err := s.foldBy(ctx, stride); err != nil {
			return err
		}
	}
}

// dropPartitions drops a month's, unless something came that is not folded yet.
func dropPartitions(c *conn, m month, act fraud.Act) (done bool, err error) {
	tx, err := c.Begin(c.ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(c.ctx) }() // of what is committed it does nothing
	var first, last statements
	first.add(shortLocksSQL, nil)
	first.add(lockAssessmentsSQL, nil)
	first.add(lockOutcomesSQL, nil)
	if err := first.run(c); err != nil {
		return false, err
	}
	if left, err := readTail(c); err != nil || left.Folded != left.End {
		return false, err
	}
	for _, table := range partitioned {
		if _, err := c.Exec(c.ctx, `DROP TABLE IF EXISTS `+table+`_`+m.String()); err != nil {
			return false, err
		}
	}
	last.add(forgetMonthSQL, nil, int64(m))
	addAct(&last, act)
	if err := last.run(c); err != nil {
		return false, err
	}
	return true, tx.Commit(c.ctx)
}
