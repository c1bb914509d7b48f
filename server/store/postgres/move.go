package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Moved tells how far a move is.
type Moved struct {
	Part       string // what is moved, or compared, such as "transactions"
	Comparing  bool
	Rows, Goal int64 // of the part
}

// movedPart is what is moved of one kind: rows of SQLite become rows of a table.
type movedPart struct {
	name  string
	count string // of its rows, in SQLite
	// read selects rows of SQLite above a key, by it, at most so many. The key comes
	// first, and is not a column of the table unless named.
	read    string
	columns []string
	change  func(values []any) []any // to those of columns; nil: all but the key
}

// movedParts are in the order in which one needs the other.
var movedParts = []movedPart{
	{name: "accounts",
		count:   `SELECT count(*) FROM accounts`,
		read:    `SELECT account_seq, account_seq, opened_at, transactions, latest_time, account_id FROM accounts WHERE account_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"account_seq", "opened_at", "transactions", "latest_time", "account_id"}},
	{name: "transactions",
		count: `SELECT count(*) FROM transactions`,
		read: `SELECT transaction_seq, ` + movedSeq + `, account_seq, amount, time, amount_last_hour, amount_last_day, amount_last_week, recorded_at,
			age_of_account, number_of_transactions, seconds_since_previous, transactions_last_week, transaction_id, currency, recorded_by
			FROM transactions AS t WHERE transaction_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"transaction_seq", "account_seq", "amount", "time", "amount_last_hour", "amount_last_day", "amount_last_week", "recorded_at",
			"age_of_account", "number_of_transactions", "seconds_since_previous", "transactions_last_week", "transaction_id", "currency", "recorded_by"}},
	{name: "transaction_ids",
		count:   `SELECT count(*) FROM transactions`,
		read:    `SELECT transaction_seq, ` + movedSeq + `, transaction_id FROM transactions AS t WHERE transaction_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"transaction_seq", "transaction_id"}},
	{name: "assessments",
		count: `SELECT count(*) FROM assessments`,
		read: `SELECT assessment_seq, ` + movedSeq + `, assessment_seq, probability, threshold, assessed_at, label, model_version, assessed_by
			FROM assessments CROSS JOIN transactions AS t USING (transaction_seq) WHERE assessment_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"transaction_seq", "assessment_seq", "probability", "threshold", "assessed_at", "label", "model_version", "assessed_by"},
		change:  func(values []any) []any { values[6] = values[6] != int64(0); return values[1:] }},
	{name: "outcomes",
		count: `SELECT count(*) FROM outcomes`,
		read: `SELECT outcome_seq, ` + movedSeq + `, outcome_seq, occurred_at, reported_at, label, source, note, reported_by
			FROM outcomes CROSS JOIN transactions AS t USING (transaction_seq) WHERE outcome_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"transaction_seq", "outcome_seq", "occurred_at", "reported_at", "label", "source", "note", "reported_by"},
		change:  func(values []any) []any { values[7] = []byte(values[7].(string)); return values[1:] }},
	{name: "keys",
		count:   `SELECT count(*) FROM keys`,
		read:    `SELECT key_seq, key_seq, key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at FROM keys WHERE key_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"key_seq", "key_id", "name", "role", "hash", "created_at", "expires_at", "revoked_at", "last_used_at"}},
	{name: "acts",
		count:   `SELECT count(*) FROM acts`,
		read:    `SELECT act_seq, act_seq, at, actor, kind, object, detail FROM acts WHERE act_seq > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"act_seq", "at", "actor", "kind", "object", "detail"},
		change: func(values []any) []any {
			for _, i := range []int{3, 5, 6} {
				values[i] = printable(values[i].(string))
			}
			return values[1:]
		}},
	{name: "summary_minutes",
		count:   `SELECT count(*) FROM summary_minutes`,
		read:    `SELECT start, start, counts FROM summary_minutes WHERE start > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"start", "counts"}},
	{name: "summary_hours",
		count:   `SELECT count(*) FROM summary_hours`,
		read:    `SELECT start, start, counts FROM summary_hours WHERE start > ? ORDER BY 1 LIMIT ?`,
		columns: []string{"start", "counts"}},
}

const (
	// movedMonth is the month a transaction was recorded in, and movedSeq the number
	// that it has here: the same in the lower bits, so that a move that is broken off
	// goes on where it was.
	movedMonth = `(CAST(strftime('%Y', t.recorded_at / 1000000, 'unixepoch') AS INTEGER) * 12
		+ CAST(strftime('%m', t.recorded_at / 1000000, 'unixepoch') AS INTEGER) - 1)`
	movedSeq = `(` + movedMonth + ` << 40) + t.transaction_seq`

	movedMonthsSQL = `SELECT ` + movedMonth + ` AS month, min(time), max(time) FROM transactions AS t GROUP BY month ORDER BY month`

	findMoveSQL = `SELECT source, part, done, finished_at IS NOT NULL FROM moves`
	isUsedSQL   = `SELECT FROM accounts UNION ALL SELECT FROM keys UNION ALL SELECT FROM acts LIMIT 1`
	beginMove   = `INSERT INTO moves (source, part, done) VALUES ($1, $2, 0)`
	goOnSQL     = `UPDATE moves SET part = $1, done = $2`
	hasMonthSQL = `SELECT FROM months WHERE month = $1`
	setMonthSQL = `UPDATE months SET first_time = least(first_time, $2), last_time = greatest(last_time, $3) WHERE month = $1`
)

// movedAtOnce is how many rows are moved, and compared, at once.
const movedAtOnce = 10_000

// move is one under way.
type move struct {
	conn
	from *sql.DB
	told func(Moved)
	part int // of movedParts
	done int64
}

// Move fills an empty database at url with what a SQLite store holds, which nobody
// writes to meanwhile, and then compares every row. source names the store. Numbers of
// assessments and outcomes stay, and so do the cursors of who follows them. A move that
// is broken off goes on where it was if it is begun again; until it is finished no
// gateway begins on the database.
func Move(ctx context.Context, url, source string, from *sql.DB, told func(Moved)) error {
	if _, _, err := Migrate(ctx, url); err != nil {
		return err
	}
	p, err := openPool(ctx, url, 1)
	if err == nil {
		defer p.Close()
		err = p.with(ctx, ctx, func(c *conn) error {
			m := &move{conn: *c, from: from, told: told}
			return m.run(source)
		})
	}
	if err != nil {
		return fmt.Errorf("postgres: move: %w", faultOf(err).Helped(err))
	}
	return nil
}

func (m *move) run(source string) error {
	if err := m.resume(source); err != nil {
		return err
	}
	if err := m.makeMonths(); err != nil {
		return err
	}
	for ; m.part < len(movedParts); m.part, m.done = m.part+1, 0 {
		if err := m.copy(movedParts[m.part]); err != nil {
			return fmt.Errorf("%s: %w", movedParts[m.part].name, err)
		}
	}
	for _, part := range movedParts {
		if err := m.compare(part); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return m.finish()
}

// resume finds how far an earlier attempt came, or begins.
func (m *move) resume(source string) error {
	var of, part string
	finished, used := false, false
	err := each(&m.conn, findMoveSQL, func(r *row) { of, part, m.done, finished = r.text(), r.text(), r.int(), r.bool() })
	if err == nil {
		err = each(&m.conn, isUsedSQL, func(*row) { used = true })
	}
	switch {
	case err != nil:
		return err
	case finished:
		return fmt.Errorf("the database is in use already: %s was moved into it", of)
	case of != "" && of != source:
		return fmt.Errorf("a move of %s into the database is under way: finish that, or begin with an empty database", of)
	case of == "" && used:
		return errors.New("the database is in use already: a store is moved into an empty one")
	case of == "":
		return each(&m.conn, beginMove, nil, source, movedParts[0].name)
	}
	m.part = slices.IndexFunc(movedParts, func(p movedPart) bool { return p.name == part })
	return nil
}

// makeMonths makes the partitions of what is to come.
func (m *move) makeMonths() error {
	rows, err := m.from.QueryContext(m.ctx, movedMonthsSQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var of, first, last int64
		if err := rows.Scan(&of, &first, &last); err != nil {
			return err
		}
		missing := true
		if err := each(&m.conn, hasMonthSQL, func(*row) { missing = false }, of); err != nil {
			return err
		}
		if missing {
			if err := m.together(func() error { return makeMonth(&m.conn, month(of)) }); err != nil {
				return err
			}
		}
		if err := each(&m.conn, setMonthSQL, nil, of, first, last); err != nil {
			return err
		}
	}
	return rows.Err()
}

// together runs do in one transaction.
func (m *move) together(do func() error) error {
	tx, err := m.Begin(m.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(m.ctx) }() // of what is committed it does nothing
	if err := do(); err != nil {
		return err
	}
	return tx.Commit(m.ctx)
}

// page reads rows of a part behind a key.
func (m *move) page(part movedPart, after int64) (rows [][]any, last int64, err error) {
	found, err := m.from.QueryContext(m.ctx, part.read, after, movedAtOnce)
	if err != nil {
		return nil, 0, err
	}
	defer found.Close()
	for found.Next() {
		values := make([]any, len(part.columns)+1)
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, 0, err
		}
		last = values[0].(int64)
		if part.change != nil {
			rows = append(rows, part.change(values))
		} else {
			rows = append(rows, values[1:])
		}
	}
	return rows, last, found.Err()
}

func (m *move) goal(part movedPart) (rows int64, err error) {
	err = m.from.QueryRowContext(m.ctx, part.count).Scan(&rows)
	return rows, err
}

// copy moves a part from where it is on.
func (m *move) copy(part movedPart) error {
	goal, err := m.goal(part)
	if err != nil {
		return err
	}
	for moved := int64(0); ; {
		rows, last, err := m.page(part, m.done)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		err = m.together(func() error {
			if _, err := m.CopyFrom(m.ctx, pgx.Identifier{part.name}, part.columns, pgx.CopyFromRows(rows)); err != nil {
				return err
			}
			return each(&m.conn, goOnSQL, nil, part.name, last)
		})
		if err != nil {
			return err
		}
		m.done, moved = last, moved+int64(len(rows))
		m.told(Moved{Part: part.name, Rows: moved, Goal: goal})
	}
	return nil
}
