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
		WHERE (SELECT 1 FROM accounts WHERE accounts.account_id = asked.account_id) IS NULL
		ORDER BY account_id COLLATE "C" ON CONFLICT (account_id) DO NOTHING`

	lockAccountsSQL = `
		SELECT account_id, account_seq, opened_at, transactions, latest_time
		FROM accounts WHERE account_id = ANY ($1::text[]) ORDER BY account_id FOR UPDATE`

	// They are all there: to update them from a list, Postgres might go through all of them.
	saveAccountsSQL = `
		INSERT INTO accounts (account_seq, account_id, opened_at, transactions, latest_time) OVERRIDING SYSTEM VALUE
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (account_seq) DO UPDATE SET opened_at = excluded.opened_at, transactions = excluded.transactions,
			latest_time = excluded.latest_time`
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
		a.IDs,
		column(a.All, func(a **reckon.Account) int64 { return (*a).OpenedAt }),
		column(a.All, func(a **reckon.Account) int64 { return (*a).Transactions() }),
		column(a.All, func(a **reckon.Account) int64 { return (*a).Latest }))
}
