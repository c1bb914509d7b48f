package postgres

import (
	"slices"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// Whoever records locks its accounts first, in the order of their IDs, and makes
// those that are new before: gateways wait for one another, but never in a circle.
const (
	insertAccountsSQL = `
		INSERT INTO accounts (account_id, opened_at, transactions, latest_time)
		SELECT account_id, 0, 0, 0 FROM unnest($1::text[]) AS asked (account_id)
		WHERE NOT EXISTS (SELECT FROM accounts WHERE accounts.account_id = asked.account_id)
		ORDER BY account_id COLLATE "C" ON CONFLICT (account_id) DO NOTHING`

	lockAccountsSQL = `
		SELECT account_id, account_seq, opened_at, transactions, latest_time
		FROM accounts WHERE account_id = ANY ($1::text[]) ORDER BY account_id FOR UPDATE`

	saveAccountsSQL = `
		UPDATE accounts SET opened_at = saved.opened_at, transactions = saved.transactions, latest_time = saved.latest_time
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS saved (account_seq, opened_at, transactions, latest_time)
		WHERE accounts.account_seq = saved.account_seq`
)

// lockAccounts adds what finds accounts, made if need be, and locks them until the
// transaction ends. They are known once it has run.
func lockAccounts(first *statements, ids []string) (known map[string]*reckon.Account) {
	known = make(map[string]*reckon.Account, len(ids))
	sorted := slices.Sorted(slices.Values(ids))
	first.add(insertAccountsSQL, nil, sorted)
	first.add(lockAccountsSQL, func(r *row) {
		id := r.text()
		known[id] = &reckon.Account{Seq: r.int(), OpenedAt: r.int(), Stored: r.int(), Latest: r.int()}
	}, sorted)
	return known
}

func saveAccounts(last *statements, a reckon.Accounts) {
	last.add(saveAccountsSQL, nil,
		column(a.All, func(a **reckon.Account) int64 { return (*a).Seq }),
		column(a.All, func(a **reckon.Account) int64 { return (*a).OpenedAt }),
		column(a.All, func(a **reckon.Account) int64 { return (*a).Transactions() }),
		column(a.All, func(a **reckon.Account) int64 { return (*a).Latest }))
}
