package sqlite

import (
	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	findAccountsSQL = `
		SELECT key, account_seq, opened_at, transactions, latest_time
		FROM json_each(?) CROSS JOIN accounts ON account_id = value`

	lastAccountSQL = `SELECT coalesce(max(account_seq), 0) FROM accounts`
)

var saveAccounts = newBulk(`accounts (account_seq, account_id, opened_at, transactions, latest_time)`, 5,
	`ON CONFLICT (account_seq) DO UPDATE SET transactions = excluded.transactions, latest_time = excluded.latest_time`)

// accounts are those of a call's transactions.
type accounts struct {
	ids []string // in the order that the call names them first
	of  map[string]*account
}

// accountsOf finds the accounts of transactions, and numbers those that are new.
func accountsOf(c *engine.Conn, transactions []fraud.Transaction) (accounts, error) {
	a := accounts{make([]string, 0, len(transactions)), make(map[string]*account, len(transactions))}
	for _, t := range transactions {
		if a.of[t.AccountID] == nil {
			a.of[t.AccountID] = &account{}
			a.ids = append(a.ids, t.AccountID)
		}
	}
	text, err := asJSON(a.ids)
	if err != nil {
		return a, err
	}
	err = each(c, findAccountsSQL, func(p *params) { p.text(text) }, func(r *row) {
		*a.of[a.ids[r.int()]] = account{seq: r.int(), openedAt: r.int(), stored: r.int(), latest: r.int()}
	})
	if err != nil {
		return a, err
	}
	return a, a.numberNew(c)
}

func (a accounts) numberNew(c *engine.Conn) error {
	var last int64
	for _, id := range a.ids {
		if a.of[id].seq != 0 {
			continue
		}
		if last == 0 {
			if err := each(c, lastAccountSQL, nil, func(r *row) { last = r.int() }); err != nil {
				return err
			}
		}
		last++
		a.of[id].seq = last
	}
	return nil
}

func (a accounts) save(c *engine.Conn) error {
	_, err := saveAccounts.insert(c, len(a.ids), func(p *params, i int) {
		id := a.ids[i]
		saved := a.of[id]
		p.int(saved.seq)
		p.text(id)
		p.int(saved.openedAt)
		p.int(saved.transactions())
		p.int(saved.latest)
	})
	return err
}
