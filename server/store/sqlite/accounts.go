package sqlite

import (
	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	findAccountsSQL = `
		SELECT key, account_seq, opened_at, transactions, latest_time
		FROM json_each(?) CROSS JOIN accounts ON account_id = value`

	lastAccountSQL = `SELECT coalesce(max(account_seq), 0) FROM accounts`
)

var saveAccounts = newBulk(`accounts (account_seq, account_id, opened_at, transactions, latest_time)`, 5,
	`ON CONFLICT (account_seq) DO UPDATE SET transactions = excluded.transactions, latest_time = excluded.latest_time`)

// accountsOf finds the accounts of transactions, and numbers those that are new.
func accountsOf(c *engine.Conn, transactions []fraud.Transaction) (reckon.Accounts, error) {
	a := reckon.Group(transactions)
	text, err := asJSON(a.IDs)
	if err != nil {
		return a, err
	}
	err = each(c, findAccountsSQL, func(p *params) { p.text(text) }, func(r *row) {
		found := a.All[r.int()]
		found.Seq, found.OpenedAt, found.Stored, found.Latest = r.int(), r.int(), r.int(), r.int()
	})
	if err != nil {
		return a, err
	}
	return a, numberNew(c, a)
}

func numberNew(c *engine.Conn, a reckon.Accounts) error {
	var last int64
	for _, one := range a.All {
		if one.Seq != 0 {
			continue
		}
		if last == 0 {
			if err := each(c, lastAccountSQL, nil, func(r *row) { last = r.int() }); err != nil {
				return err
			}
		}
		last++
		one.Seq = last
	}
	return nil
}

func saveAll(c *engine.Conn, a reckon.Accounts) error {
	_, err := saveAccounts.insert(c, len(a.IDs), func(p *params, i int) {
		saved := a.All[i]
		p.int(saved.Seq)
		p.text(a.IDs[i])
		p.int(saved.OpenedAt)
		p.int(saved.Transactions())
		p.int(saved.Latest)
	})
	return err
}
