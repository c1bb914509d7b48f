package sqlite

import (
	"cmp"
	"math"
	"slices"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
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

// question is about stored transactions of an account.
type question struct {
	of          int // the place, in a call, of the transaction or account it is for
	account     int64
	after, upTo int64
}

func (q question) bind(p *params) {
	p.int(int64(q.of))
	p.int(q.account)
	p.int(q.after)
	p.int(q.upTo)
}

// findStandings finds where transactions stand. Only those that arrive late are
// looked up: of others, the account tells. A stored one is counted for the last
// late one before it alone, and then added up for those before that.
func findStandings(c *engine.Conn, accounts accounts, call []fraud.Transaction) ([]standing, error) {
	standings := make([]standing, len(call))
	var late []question
	for _, a := range accounts.all {
		for _, i := range a.rows {
			standings[i] = a.asLatest()
		}
		late = append(late, a.late(call)...)
	}
	err := standingQuestions.ask(c, len(late), func(p *params, i int) { late[i].bind(p) }, func(r *row) {
		stands := &standings[r.int()]
		stands.later = r.int()
		if stands.previous = never; !r.isNull() {
			stands.previous = r.int()
		}
	})
	for i := len(late) - 2; i >= 0; i-- {
		if late[i].account == late[i+1].account {
			standings[late[i].of].later += standings[late[i+1].of].later
		}
	}
	return standings, err
}

// late asks about each late transaction of a call up to the next one in time.
func (a *account) late(call []fraud.Transaction) []question {
	var late []question
	for _, i := range a.rows {
		if at := call[i].Time.UnixMicro(); a.isLate(at) {
			late = append(late, question{i, a.seq, at, math.MaxInt64})
		}
	}
	slices.SortFunc(late, func(a, b question) int { return cmp.Compare(a.after, b.after) })
	for i := range len(late) - 1 {
		late[i].upTo = late[i+1].after
	}
	return late
}

// findRecent finds the stored transactions of the weeks before a call's. Each is
// read once a call, from the index: most accounts have a few. Of an account that
// has very many, a call with one more reads as many as a call with a thousand.
func findRecent(c *engine.Conn, accounts accounts, call []fraud.Transaction) error {
	questions := make([]question, 0, len(accounts.all))
	for i, a := range accounts.all {
		for _, q := range a.weeks(call) {
			if q.after < a.latest {
				q.of = i
				questions = append(questions, q)
			}
		}
	}
	return recentQuestions.ask(c, len(questions), func(p *params, i int) { questions[i].bind(p) }, func(r *row) {
		a := accounts.all[r.int()]
		if a.recent == nil {
			a.recent = make([]payment, 0, min(a.stored, 32)) // growing from nothing took a tenth of the time
		}
		a.recent = append(a.recent, payment{r.int(), r.float()})
	})
}

// weeks are those before the account's transactions of a call. Where they
// overlap they are one.
func (a *account) weeks(call []fraud.Transaction) []question {
	if a.stored == 0 {
		return nil
	}
	times := make([]int64, len(a.rows))
	for i, row := range a.rows {
		times[i] = call[row].Time.UnixMicro()
	}
	slices.Sort(times)
	weeks := make([]question, 0, 1)
	for _, at := range times {
		if last := len(weeks) - 1; last >= 0 && at-week <= weeks[last].upTo {
			weeks[last].upTo = at
		} else {
			weeks = append(weeks, question{account: a.seq, after: at - week, upTo: at})
		}
	}
	return weeks
}
