package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// CROSS JOIN keeps the order of joining: for each ID one look into an index.
	findRecordedSQL = `
		SELECT transaction_id, account_id, amount, currency, time
		FROM json_each(?) CROSS JOIN transactions ON transaction_id = value JOIN accounts USING (account_seq)`

	findAccountsSQL = `
		SELECT account_seq, account_id, opened_at, transactions, latest_time
		FROM json_each(?) CROSS JOIN accounts ON account_id = value`

	countLaterSQL = `
		SELECT key, (SELECT count(*) FROM transactions WHERE account_seq = value->>0 AND time > value->>1)
		FROM json_each(?)`

	saveAccountsSQL = `INSERT INTO accounts (account_seq, account_id, opened_at, transactions, latest_time)`
	accountSavedSQL = `ON CONFLICT (account_seq) DO UPDATE
		SET transactions = excluded.transactions, latest_time = excluded.latest_time`

	insertTransactionsSQL = `INSERT INTO transactions (transaction_id, account_seq, amount, currency, time,
		age_of_account, number_of_transactions, recorded_at, recorded_by)`
)

// Record implements fraud.Transactions.
func (s *Store) Record(ctx context.Context, transactions []fraud.Transaction) ([]fraud.RecordResult, error) {
	results := make([]fraud.RecordResult, len(transactions))
	if len(transactions) == 0 {
		return results, nil
	}
	err := s.update(ctx, "record transactions", func(tx *sql.Tx) error {
		recorded, err := s.recorded(ctx, tx, transactions)
		if err != nil {
			return err
		}
		if fresh := sift(transactions, recorded, results); len(fresh) > 0 {
			return s.recordFresh(ctx, tx, fresh)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// recorded finds the transactions recorded under the same IDs.
func (s *Store) recorded(ctx context.Context, tx *sql.Tx, transactions []fraud.Transaction) (map[string]fraud.Transaction, error) {
	ids := make([]string, len(transactions))
	for i, t := range transactions {
		ids[i] = t.ID
	}
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	recorded := make(map[string]fraud.Transaction, len(ids))
	var t fraud.Transaction
	var micros int64
	rows, err := tx.StmtContext(ctx, s.findRecorded).QueryContext(ctx, text)
	return recorded, each(rows, err, []any{&t.ID, &t.AccountID, &t.Amount, &t.Currency, &micros}, func() {
		t.Time = fromMicros(micros)
		recorded[t.ID] = t
	})
}

// sift answers for the transactions whose ID is taken, by an earlier one of
// this call too, and returns the others.
func sift(transactions []fraud.Transaction, recorded map[string]fraud.Transaction, results []fraud.RecordResult) []fraud.Transaction {
	fresh := make([]fraud.Transaction, 0, len(transactions))
	for i, t := range transactions {
		stands, taken := recorded[t.ID]
		switch {
		case !taken:
			recorded[t.ID] = t
			fresh = append(fresh, t)
		case stands.SameFacts(t):
			results[i].Already = true
		default:
			results[i].Err = fraud.FactsDiffer(t.ID)
		}
	}
	return fresh
}

// recordFresh records transactions whose IDs are free and differ.
func (s *Store) recordFresh(ctx context.Context, tx *sql.Tx, fresh []fraud.Transaction) error {
	accounts, err := s.accounts(ctx, tx, fresh)
	if err != nil {
		return err
	}
	later, err := countLater(ctx, tx, accounts, fresh)
	if err != nil {
		return err
	}
	now := time.Now().UnixMicro()
	values := make([]any, 0, len(fresh)*s.insertTransactions.columns)
	for i, t := range fresh {
		a := accounts[t.AccountID]
		age, number := a.add(t, later[i])
		values = append(values, t.ID, a.seq, t.Amount, t.Currency, t.Time.UnixMicro(), age, number, now, t.RecordedBy)
	}
	if err := s.saveAll(ctx, tx, accounts); err != nil {
		return err
	}
	_, err = s.insertTransactions.exec(ctx, tx, values)
	return err
}

// accounts finds the accounts of transactions, and numbers those that are new.
func (s *Store) accounts(ctx context.Context, tx *sql.Tx, transactions []fraud.Transaction) (map[string]*account, error) {
	accounts := make(map[string]*account, len(transactions))
	ids := make([]string, 0, len(transactions))
	for _, t := range transactions {
		if accounts[t.AccountID] == nil {
			accounts[t.AccountID] = &account{id: t.AccountID}
			ids = append(ids, t.AccountID)
		}
	}
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	var a account
	rows, err := tx.StmtContext(ctx, s.findAccounts).QueryContext(ctx, text)
	err = each(rows, err, []any{&a.seq, &a.id, &a.openedAt, &a.stored, &a.latest}, func() {
		*accounts[a.id] = a
	})
	if err != nil {
		return nil, err
	}
	return accounts, numberNew(ctx, tx, ids, accounts)
}

func numberNew(ctx context.Context, tx *sql.Tx, ids []string, accounts map[string]*account) error {
	var last int64
	for _, id := range ids {
		a := accounts[id]
		if a.seq != 0 {
			continue
		}
		if last == 0 {
			if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(account_seq), 0) FROM accounts").Scan(&last); err != nil {
				return err
			}
		}
		last++
		a.seq = last
	}
	return nil
}

// countLater counts, for each transaction that arrives late, those recorded
// before this call with a later time.
func countLater(ctx context.Context, tx *sql.Tx, accounts map[string]*account, transactions []fraud.Transaction) ([]int64, error) {
	later := make([]int64, len(transactions))
	var late []int
	var questions [][2]int64
	for i, t := range transactions {
		if a, at := accounts[t.AccountID], t.Time.UnixMicro(); a.isLate(at) {
			late = append(late, i)
			questions = append(questions, [2]int64{a.seq, at})
		}
	}
	if len(late) == 0 {
		return later, nil
	}
	text, err := asJSON(questions)
	if err != nil {
		return nil, err
	}
	var question, count int64
	rows, err := tx.QueryContext(ctx, countLaterSQL, text)
	return later, each(rows, err, []any{&question, &count}, func() { later[late[question]] = count })
}

func (s *Store) saveAll(ctx context.Context, tx *sql.Tx, accounts map[string]*account) error {
	values := make([]any, 0, len(accounts)*s.saveAccounts.columns)
	for _, a := range accounts {
		values = append(values, a.seq, a.id, a.openedAt, a.transactions(), a.latest)
	}
	_, err := s.saveAccounts.exec(ctx, tx, values)
	return err
}
