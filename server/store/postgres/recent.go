package postgres

import (
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// An account's transactions are looked for from the first month on that has any of
// such times: most of what is kept is of earlier ones.
const (
	sinceFirst = `transaction_seq >= (SELECT min(month)::bigint << 40 FROM months WHERE last_time > after AND first_time <= up_to)`

	standingsSQL = `
		SELECT key,
			(SELECT count(*) FROM transactions WHERE account_seq = account AND time > after AND time <= up_to AND ` + sinceFirst + `),
			(SELECT time FROM transactions WHERE account_seq = account AND time <= after ORDER BY time DESC LIMIT 1)
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS asked (key, account, after, up_to)`
)

var recentSQL = `
	SELECT id, recent.time, recent.amount
	FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS asked (id, after, up_to)` +
	found("accounts AS a", "accounts", "a.account_id = id AND after < latest_time") +
	found("transactions AS t", "recent", "t.account_seq = accounts.account_seq AND time > after AND time <= up_to AND "+sinceFirst)

// findRecent adds what finds the stored transactions of the weeks before a call's.
func findRecent(first *statements, call []fraud.Transaction, grouped reckon.Accounts, known map[string]*reckon.Account) {
	questions := grouped.EveryWeek(call)
	first.add(recentSQL, func(r *row) { known[r.text()].Pay(r.int(), r.float()) },
		column(questions, func(q *reckon.Question) string { return grouped.IDs[q.Of] }),
		column(questions, func(q *reckon.Question) int64 { return q.After }),
		column(questions, func(q *reckon.Question) int64 { return q.UpTo }))
}

// findStandings finds where transactions stand. It asks again only if some are late.
func findStandings(c *conn, accounts reckon.Accounts, call []fraud.Transaction) ([]reckon.Standing, error) {
	standings, late := accounts.Standings(call)
	if len(late) == 0 {
		return standings, nil
	}
	err := each(c, standingsSQL, func(r *row) {
		stands := &standings[r.int()]
		stands.Later = r.int()
		if stands.Previous = reckon.Never; !r.isNull() {
			stands.Previous = r.int()
		}
	},
		column(late, func(q *reckon.Question) int64 { return int64(q.Of) }),
		column(late, func(q *reckon.Question) int64 { return q.Account }),
		column(late, func(q *reckon.Question) int64 { return q.After }),
		column(late, func(q *reckon.Question) int64 { return q.UpTo }))
	reckon.AddUp(standings, late)
	return standings, err
}
