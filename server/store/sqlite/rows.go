package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// statements are those worth to be compiled once: what a batch runs.
type statements struct {
	findRecorded, findAccounts, findReported *sql.Stmt
	lookUp, newestOutcomes                   *sql.Stmt
	insertTransactions, saveAccounts         bulk
	insertAssessments, insertOutcomes        bulk
}

func (s *Store) prepare(ctx context.Context) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		db   *sql.DB
		sql  string
	}{
		{&s.findRecorded, s.write, findRecordedSQL},
		{&s.findAccounts, s.write, findAccountsSQL},
		{&s.findReported, s.write, findReportedSQL},
		{&s.lookUp, s.read, lookUpSQL},
		{&s.newestOutcomes, s.read, newestOutcomesSQL},
	} {
		stmt, err := p.db.PrepareContext(ctx, p.sql)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", p.sql, err)
		}
		*p.stmt = stmt
	}
	for _, b := range []struct {
		bulk       *bulk
		head, tail string
		columns    int
	}{
		{&s.insertTransactions, insertTransactionsSQL, "", 9},
		{&s.saveAccounts, saveAccountsSQL, accountSavedSQL, 5},
		{&s.insertAssessments, insertAssessmentsSQL, firstStandsSQL, 7},
		{&s.insertOutcomes, insertOutcomesSQL, "", 7},
	} {
		if err := b.bulk.prepare(ctx, s.write, b.head, b.columns, b.tail); err != nil {
			return err
		}
	}
	return nil
}

// bulk inserts many rows in few statements.
type bulk struct {
	columns int
	stmts   []*sql.Stmt // one for each of chunkSizes
}

// chunkSizes are how many rows one statement may insert, the largest first.
// Larger ones were no faster, and single rows take almost twice the time.
var chunkSizes = []int{32, 4, 1}

func (b *bulk) prepare(ctx context.Context, db *sql.DB, head string, columns int, tail string) error {
	b.columns = columns
	row := "(?" + strings.Repeat(",?", columns-1) + ")"
	for _, size := range chunkSizes {
		stmt, err := db.PrepareContext(ctx, head+" VALUES "+row+strings.Repeat(","+row, size-1)+" "+tail)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", head, err)
		}
		b.stmts = append(b.stmts, stmt)
	}
	return nil
}

// exec inserts the rows whose values stand one after the other, and tells how
// many it has inserted.
func (b *bulk) exec(ctx context.Context, tx *sql.Tx, values []any) (inserted int64, err error) {
	for i, size := range chunkSizes {
		stmt := tx.StmtContext(ctx, b.stmts[i])
		for width := size * b.columns; len(values) >= width; values = values[width:] {
			result, err := stmt.ExecContext(ctx, values[:width]...)
			if err != nil {
				return inserted, err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return inserted, err
			}
			inserted += n
		}
	}
	return inserted, nil
}

// each scans every row into dest and calls do after each.
func each(rows *sql.Rows, err error, dest []any, do func()) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		do()
	}
	return rows.Err()
}

// asJSON writes strings or whole numbers for json_each, by which one statement
// asks for any number of them. Doubles must not go this way: SQLite reads their
// decimal form with an error in the last digit. Nor must a text that is not
// UTF-8, which the rules for IDs exclude.
func asJSON[T string | [2]int64 | pair | report](values []T) (string, error) {
	text, err := json.Marshal(values)
	return string(text), err
}

func fromMicros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
