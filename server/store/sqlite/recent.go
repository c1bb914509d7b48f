package sqlite

import (
	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

var (
	standingQuestions = newQuestions("key, account, after, up_to", `
		SELECT key,
			(SELECT count(*) FROM transactions WHERE account_seq = account AND time > after AND time <= up_to),
			(SELECT max(time) FROM transactions WHERE account_seq = account AND time <= after)
		FROM questions`)

	recentQuestions = newQuestions("key, account, after, up_to", `
		SELECT key, time, amount FROM questions CROSS JOIN transactions
			ON account_seq = account AND time > after AND time <= up_to`)
)

func bindQuestion(p *params, q reckon.Question) {
	p.int(int64(q.Of))
	p.int(q.Account)
	p.int(q.After)
	p.int(q.UpTo)
}

// findStandings finds where transactions stand.
func findStandings(c *engine.Conn, accounts reckon.Accounts, call []fraud.Transaction) ([]reckon.Standing, error) {
	standings, late := accounts.Standings(call)
	err := standingQuestions.ask(c, len(late), func(p *params, i int) { bindQuestion(p, late[i]) }, func(r *row) {
		stands := &standings[r.int()]
		stands.Later = r.int()
		if stands.Previous = reckon.Never; !r.isNull() {
			stands.Previous = r.int()
		}
	})
	reckon.AddUp(standings, late)
	return standings, err
}

// findRecent finds the stored transactions of the weeks before a call's, from the
// index.
func findRecent(c *engine.Conn, accounts reckon.Accounts, call []fraud.Transaction) error {
	questions := accounts.Weeks(call)
	return recentQuestions.ask(c, len(questions), func(p *params, i int) { bindQuestion(p, questions[i]) }, func(r *row) {
		accounts.All[r.int()].Pay(r.int(), r.float())
	})
}
