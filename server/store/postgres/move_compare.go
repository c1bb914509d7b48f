package postgres

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"
)

// movedKeys are by which columns the rows of a part are found.
var movedKeys = map[string][]string{
	"accounts": {"account_seq"}, "transactions": {"transaction_seq"}, "transaction_ids": {"transaction_id"},
	"assessments": {"transaction_seq", "model_version"}, "outcomes": {"transaction_seq", "occurred_at", "outcome_seq"},
	"keys": {"key_seq"}, "acts": {"act_seq"}, "summary_minutes": {"start"}, "summary_hours": {"start"},
}

// compare holds every row of a part against what it was made from, and sees that
// there are no others.
func (m *move) compare(part movedPart) error {
	goal, err := m.goal(part)
	if err != nil {
		return err
	}
	compared := int64(0)
	for after := int64(math.MinInt64); ; {
		rows, last, err := m.page(part, after)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := m.compareRows(part, rows); err != nil {
			return err
		}
		after, compared = last, compared+int64(len(rows))
		m.told(Moved{Part: part.name, Comparing: true, Rows: compared, Goal: goal})
	}
	var found int64
	if err := each(&m.conn, `SELECT count(*) FROM `+part.name, func(r *row) { found = r.int() }); err != nil {
		return err
	}
	if found != goal || compared != goal {
		return fmt.Errorf("there are %d rows, and %d were moved: begin again with an empty database", found, goal)
	}
	return nil
}

// compareRows looks up the rows by their keys, together.
func (m *move) compareRows(part movedPart, rows [][]any) error {
	keys := movedKeys[part.name]
	conditions := make([]string, len(keys))
	places := make([]int, len(keys))
	for i, key := range keys {
		conditions[i] = fmt.Sprintf("%s = $%d", key, i+1)
		for at, column := range part.columns {
			if column == key {
				places[i] = at
			}
		}
	}
	query := `SELECT ` + strings.Join(part.columns, ", ") + ` FROM ` + part.name + ` WHERE ` + strings.Join(conditions, " AND ")
	var all pgx.Batch
	for _, want := range rows {
		args := make([]any, len(keys))
		for i, at := range places {
			args[i] = want[at]
		}
		all.Queue(query, args...).QueryRow(func(found pgx.Row) error { return compareRow(part, want, found) })
	}
	return m.SendBatch(m.ctx, &all).Close()
}

func compareRow(part movedPart, want []any, found pgx.Row) error {
	got := make([]any, len(want))
	into := make([]any, len(want))
	for i := range got {
		into[i] = &got[i]
	}
	if err := found.Scan(into...); err != nil {
		return fmt.Errorf("row %v: %w", want[0], err)
	}
	for i := range want {
		if !sameValue(got[i], want[i]) {
			return fmt.Errorf("row %v: %s is %v where it was %v", want[0], part.columns[i], got[i], want[i])
		}
	}
	return nil
}

// sameValue compares values of the two engines.
func sameValue(got, want any) bool {
	switch want := want.(type) {
	case []byte:
		is, ok := got.([]byte)
		return ok && bytes.Equal(is, want)
	case float64:
		is, ok := got.(float64)
		return ok && math.Float64bits(is) == math.Float64bits(want)
	case int64:
		switch is := got.(type) {
		case int64:
			return is == want
		case int32:
			return int64(is) == want
		case int16:
			return int64(is) == want
		}
		return false
	}
	return got == want
}

const (
	// What comes next goes on behind what was moved.
	goOnNumbersSQL = `
		SELECT setval('transaction_numbers', greatest(1, (SELECT coalesce(max(transaction_seq & ((1::bigint << 40) - 1)), 1) FROM transaction_ids))),
			setval(pg_get_serial_sequence('accounts', 'account_seq'), greatest(1, (SELECT max(account_seq) FROM accounts))),
			setval(pg_get_serial_sequence('keys', 'key_seq'), greatest(1, (SELECT max(key_seq) FROM keys)))`

	goOnEndsSQL = `
		UPDATE record_ends SET last = coalesce(CASE kind WHEN 'acts' THEN (SELECT max(act_seq) FROM acts)
			WHEN 'assessments' THEN (SELECT max(assessment_seq) FROM assessments)
			ELSE (SELECT max(outcome_seq) FROM outcomes) END, 0)`

	goOnMarksSQL = `UPDATE summary_marks SET assessment_seq = $1, outcome_seq = $2`

	finishSQL = `UPDATE moves SET finished_at = ` + nowSQL
)

// finish lets gateways begin.
func (m *move) finish() error {
	var assessment, outcome int64
	err := m.from.QueryRowContext(m.ctx, `SELECT assessment_seq, outcome_seq FROM summary_marks`).Scan(&assessment, &outcome)
	if err != nil {
		return err
	}
	var all statements
	all.add(goOnNumbersSQL, nil)
	all.add(goOnEndsSQL, nil)
	all.add(goOnMarksSQL, nil, assessment, outcome)
	all.add(finishSQL, nil)
	if err := all.run(&m.conn); err != nil {
		return err
	}
	_, err = m.Exec(m.ctx, `ANALYZE`) // or the first look-ups go by what an empty database had
	return err
}
