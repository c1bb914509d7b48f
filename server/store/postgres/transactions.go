package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	nowSQL = `(extract(epoch FROM now()) * 1000000)::bigint`

	// Numbers are given in the order of the call.
	insertTransactionsSQL = `
		WITH numbered AS (
			SELECT (` + monthSQL + ` << 40) + nextval('transaction_numbers') AS transaction_seq, asked.*
			FROM unnest($1::text[], $2::bigint[], $3::double precision[], $4::text[], $5::bigint[], $6::text[],
				$7::integer[], $8::integer[], $9::integer[], $10::double precision[], $11::double precision[], $12::double precision[], $13::integer[])
			AS asked (transaction_id, account_seq, amount, currency, time, recorded_by, ` + computedColumns + `)
		), named AS (
			INSERT INTO transaction_ids (transaction_id, transaction_seq)
			SELECT transaction_id, transaction_seq FROM numbered ORDER BY transaction_id COLLATE "C"
		)
		INSERT INTO transactions (transaction_seq, transaction_id, account_seq, amount, currency, time, recorded_at, recorded_by, ` + computedColumns + `)
		SELECT transaction_seq, transaction_id, account_seq, amount, currency, time, ` + nowSQL + `, recorded_by, ` + computedColumns + ` FROM numbered`

	// A month's bounds are whole weeks, so that they are moved once a week.
	widenMonthSQL = `
		UPDATE months SET first_time = least(first_time, $1), last_time = greatest(last_time, $2)
		WHERE month = ` + monthSQL + ` AND (first_time IS NULL OR first_time > $1 OR last_time < $2)`

	uniqueViolation = "23505"
)

var findRecordedSQL = `
	SELECT key, account_id, amount, currency, time
	FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, key)` +
	found("transaction_ids AS i", "ids", "i.transaction_id = id") + withTransaction("ids.transaction_seq")

// Record implements fraud.Transactions.
func (s *Store) Record(ctx context.Context, transactions []fraud.Transaction) (results []fraud.RecordResult, err error) {
	if len(transactions) == 0 {
		return []fraud.RecordResult{}, nil
	}
	err = s.update(ctx, "record transactions", func(c *conn) error {
		for {
			results, err = recordOnce(ctx, c, transactions)
			if told := (*pgconn.PgError)(nil); !errors.As(err, &told) || told.Code != uniqueViolation {
				return err
			}
			// Another gateway has just recorded an ID of this call, for another account.
			if err := each(c, rollbackSQL, nil); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// recordOnce takes two round trips, unless transactions are late: one locks and
// finds, one writes and commits.
func recordOnce(ctx context.Context, c *conn, transactions []fraud.Transaction) ([]fraud.RecordResult, error) {
	var first statements
	first.add(beginSQL, nil)
	all := reckon.Group(transactions)
	known := lockAccounts(&first, all.IDs)
	recorded := findRecorded(&first, transactions)
	findRecent(&first, transactions, all, known)
	if err := first.run(c); err != nil {
		return nil, err
	}
	results := make([]fraud.RecordResult, len(transactions))
	fresh := reckon.Sift(transactions, recorded, results)
	if len(fresh) == 0 {
		return results, each(c, rollbackSQL, nil)
	}
	accounts := reckon.Group(fresh)
	accounts.Know(known)
	standings, err := findStandings(c, accounts, fresh)
	if err != nil {
		return nil, err
	}
	facts := accounts.Freeze(fresh, standings)
	var last statements
	saveAccounts(&last, accounts)
	insertTransactions(&last, accounts, fresh, facts)
	last.add(commitSQL, nil)
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, each(c, rollbackSQL, nil))
	}
	return results, last.run(c)
}

// findRecorded adds what finds the transactions recorded under the same IDs.
func findRecorded(first *statements, transactions []fraud.Transaction) (recorded map[string]fraud.Transaction) {
	recorded = make(map[string]fraud.Transaction, len(transactions))
	first.add(findRecordedSQL, func(r *row) {
		id := transactions[r.int()-1].ID
		recorded[id] = fraud.Transaction{ID: id, AccountID: r.text(), Amount: r.float(), Currency: r.text(), Time: r.time()}
	}, column(transactions, func(t *fraud.Transaction) string { return t.ID }))
	return recorded
}

// insertTransactions adds what inserts transactions whose IDs are free and differ.
func insertTransactions(last *statements, accounts reckon.Accounts, fresh []fraud.Transaction, facts []fraud.Facts) {
	type t = fraud.Transaction
	seqs := make([]int64, len(fresh))
	for _, a := range accounts.All {
		for _, row := range a.Rows {
			seqs[row] = a.Seq
		}
	}
	times := column(fresh, func(t *t) int64 { return t.Time.UnixMicro() })
	last.add(insertTransactionsSQL, nil, append([]any{
		column(fresh, func(t *t) string { return t.ID }),
		seqs,
		column(fresh, func(t *t) float64 { return t.Amount }),
		column(fresh, func(t *t) string { return t.Currency }),
		times,
		column(fresh, func(t *t) string { return t.RecordedBy }),
	}, computed(facts)...)...)
	earliest, latest := reckon.Weeks(times)
	last.add(widenMonthSQL, nil, earliest, latest)
}
