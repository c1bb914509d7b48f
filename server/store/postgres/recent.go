package postgres

import (
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// An account's transactions are looked for in the months that have any of such
// times: most of what is kept is of others.
const (
	ofMonth = `transaction_seq >= month::bigint << 40 AND transaction_seq < (month::bigint + 1) << 40`

	recentSQL = `
		SELECT account_id, transactions.time, transactions.amount
		FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS asked (account_id, after, up_to)
		JOIN accounts USING (account_id) JOIN months ON first_time <= up_to AND last_time > after
		JOIN transactions ON transactions.account_seq = accounts.account_seq
			AND transactions.time > after AND transactions.time <= up_to AND ` + ofMonth + `
		WHERE after < latest_time`

	standingsSQL = `
		SELECT key,
			(SELECT count(*) FROM months JOIN transactions ON ` + ofMonth + `
				WHERE last_time > after AND first_time <= up_to AND account_seq = account AND time > after AND time <= up_to),
			(SELECT max(latest) FROM months, LATERAL (
				SELECT time AS latest FROM transactions WHERE ` + ofMonth + ` AND account_seq = account AND time <= after
				ORDER BY time DESC LIMIT 1) AS newest
				WHERE first_time <= after)
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS asked (key, account, after, up_to)`
)

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
