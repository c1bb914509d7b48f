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
	all []*account
}

// accountsOf finds the accounts of transactions, and numbers those that are new.
func accountsOf(c *engine.Conn, transactions []fraud.Transaction) (accounts, error) {
	a := group(transactions)
	text, err := asJSON(a.ids)
	if err != nil {
		return a, err
	}
	err = each(c, findAccountsSQL, func(p *params) { p.text(text) }, func(r *row) {
		found := a.all[r.int()]
		found.seq, found.openedAt, found.stored, found.latest = r.int(), r.int(), r.int(), r.int()
	})
	if err != nil {
		return a, err
	}
	return a, a.numberNew(c)
}

// group tells which transactions are of which account.
func group(transactions []fraud.Transaction) accounts {
	a := accounts{make([]string, 0, len(transactions)), make([]*account, 0, len(transactions))}
	of := make(map[string]*account, len(transactions))
	for i, t := range transactions {
		known := of[t.AccountID]
		if known == nil {
			known = &account{}
			of[t.AccountID] = known
			a.ids, a.all = append(a.ids, t.AccountID), append(a.all, known)
		}
		known.rows = append(known.rows, i)
	}
	return a
}

func (a accounts) numberNew(c *engine.Conn) error {
	var last int64
	for _, one := range a.all {
		if one.seq != 0 {
			continue
		}
		if last == 0 {
			if err := each(c, lastAccountSQL, nil, func(r *row) { last = r.int() }); err != nil {
				return err
			}
		}
		last++
		one.seq = last
	}
	return nil
}

func (a accounts) save(c *engine.Conn) error {
	_, err := saveAccounts.insert(c, len(a.ids), func(p *params, i int) {
		saved := a.all[i]
		p.int(saved.seq)
		p.text(a.ids[i])
		p.int(saved.openedAt)
		p.int(saved.transactions())
		p.int(saved.latest)
	})
	return err
}
