package sqlite

import (
	"context"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const findRecordedSQL = `
	SELECT key, account_id, amount, currency, time
	FROM json_each(?) CROSS JOIN transactions ON transaction_id = value JOIN accounts USING (account_seq)`

var insertTransactions = newBulk(`transactions (transaction_id, account_seq, amount, currency, time,
	recorded_at, recorded_by, `+computedColumns+`)`, 14, "")

// Record implements fraud.Transactions.
func (s *Store) Record(ctx context.Context, transactions []fraud.Transaction) ([]fraud.RecordResult, error) {
	results := make([]fraud.RecordResult, len(transactions))
	if len(transactions) == 0 {
		return results, nil
	}
	err := s.update(ctx, "record transactions", func(c *engine.Conn) error {
		recorded, err := findRecorded(c, transactions)
		if err != nil {
			return err
		}
		if fresh := reckon.Sift(transactions, recorded, results); len(fresh) > 0 {
			return recordFresh(c, fresh)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// findRecorded finds the transactions recorded under the same IDs.
func findRecorded(c *engine.Conn, transactions []fraud.Transaction) (map[string]fraud.Transaction, error) {
	ids := make([]string, len(transactions))
	for i, t := range transactions {
		ids[i] = t.ID
	}
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	recorded := make(map[string]fraud.Transaction, len(ids))
	return recorded, each(c, findRecordedSQL, func(p *params) { p.text(text) }, func(r *row) {
		id := ids[r.int()]
		recorded[id] = fraud.Transaction{ID: id, AccountID: r.text(), Amount: r.float(), Currency: r.text(), Time: r.time()}
	})
}

// recordFresh records transactions whose IDs are free and differ.
func recordFresh(c *engine.Conn, fresh []fraud.Transaction) error {
	accounts, err := accountsOf(c, fresh)
	if err != nil {
		return err
	}
	facts, err := freeze(c, accounts, fresh)
	if err != nil {
		return err
	}
	if err := saveAll(c, accounts); err != nil {
		return err
	}
	seqs := make([]int64, len(fresh))
	for _, a := range accounts.All {
		for _, row := range a.Rows {
			seqs[row] = a.Seq
		}
	}
	now := time.Now()
	_, err = insertTransactions.insert(c, len(fresh), func(p *params, i int) {
		t := &fresh[i]
		p.text(t.ID)
		p.int(seqs[i])
		p.float(t.Amount)
		p.text(t.Currency)
		p.time(t.Time)
		p.time(now)
		p.text(t.RecordedBy)
		p.computed(&facts[i])
	})
	return err
}

// freeze computes the facts that depend on an account's other transactions.
func freeze(c *engine.Conn, accounts reckon.Accounts, fresh []fraud.Transaction) ([]fraud.Facts, error) {
	standings, err := findStandings(c, accounts, fresh)
	if err != nil {
		return nil, err
	}
	if err := findRecent(c, accounts, fresh); err != nil {
		return nil, err
	}
	return accounts.Freeze(fresh, standings), nil
}
