package reckon

import (
	"cmp"
	"math"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Accounts are those of a call's transactions.
type Accounts struct {
	IDs []string // in the order that the call names them first
	All []*Account
}

// Group tells which transactions are of which account.
func Group(transactions []fraud.Transaction) Accounts {
	a := Accounts{make([]string, 0, len(transactions)), make([]*Account, 0, len(transactions))}
	of := make(map[string]*Account, len(transactions))
	for i, t := range transactions {
		known := of[t.AccountID]
		if known == nil {
			known = &Account{}
			of[t.AccountID] = known
			a.IDs, a.All = append(a.IDs, t.AccountID), append(a.All, known)
		}
		known.Rows = append(known.Rows, i)
	}
	return a
}

// Freeze computes the facts of a call's transactions.
func (a Accounts) Freeze(call []fraud.Transaction, standings []Standing) []fraud.Facts {
	facts := make([]fraud.Facts, len(call))
	var line Timeline
	for _, one := range a.All {
		one.Freeze(&line, call, standings, facts)
	}
	return facts
}

// Question is about stored transactions of an account: those after one time and
// not after another.
type Question struct {
	Of          int // the place, in a call, of the transaction or account it is for
	Account     int64
	After, UpTo int64
}

// Standings tells where a call's transactions stand, and what to ask about those
// that arrive late: how many stored ones are within the question, and the latest
// that is not after it. Of others, the account tells. A stored one is counted for
// the last late one before it alone: AddUp adds it up for those before that.
func (a Accounts) Standings(call []fraud.Transaction) (standings []Standing, late []Question) {
	standings = make([]Standing, len(call))
	for _, one := range a.All {
		for _, i := range one.Rows {
			standings[i] = one.AsLatest()
		}
		late = append(late, one.late(call)...)
	}
	return standings, late
}

// AddUp makes of the answers to late what counts for each.
func AddUp(standings []Standing, late []Question) {
	for i := len(late) - 2; i >= 0; i-- {
		if late[i].Account == late[i+1].Account {
			standings[late[i].Of].Later += standings[late[i+1].Of].Later
		}
	}
}

// late asks about each late transaction of a call up to the next one in time.
func (a *Account) late(call []fraud.Transaction) []Question {
	var late []Question
	for _, i := range a.Rows {
		if at := call[i].Time.UnixMicro(); a.isLate(at) {
			late = append(late, Question{i, a.Seq, at, math.MaxInt64})
		}
	}
	slices.SortFunc(late, func(a, b Question) int { return cmp.Compare(a.After, b.After) })
	for i := range len(late) - 1 {
		late[i].UpTo = late[i+1].After
	}
	return late
}

// Weeks asks for the stored transactions of the weeks before a call's, by the
// place of their account. Each is read once a call: most accounts have a few. Of
// an account that has very many, a call with one more reads as many as a call
// with a thousand.
func (a Accounts) Weeks(call []fraud.Transaction) []Question {
	return slices.DeleteFunc(a.EveryWeek(call), func(q Question) bool {
		of := a.All[q.Of]
		return of.Stored == 0 || q.After >= of.Latest
	})
}

// EveryWeek asks as Weeks does, of accounts that nothing is known of yet.
func (a Accounts) EveryWeek(call []fraud.Transaction) []Question {
	questions := make([]Question, 0, len(a.All))
	for i, one := range a.All {
		for _, q := range one.weeks(call) {
			q.Of = i
			questions = append(questions, q)
		}
	}
	return questions
}

// Pay notes a stored transaction that a question of Weeks has found.
func (a *Account) Pay(at int64, amount float64) {
	if a.Recent == nil {
		a.Recent = make([]Payment, 0, min(a.Stored, 32)) // growing from nothing took a tenth of the time
	}
	a.Recent = append(a.Recent, Payment{at, amount})
}

// weeks are those before the account's transactions of a call. Where they
// overlap they are one.
func (a *Account) weeks(call []fraud.Transaction) []Question {
	times := make([]int64, len(a.Rows))
	for i, row := range a.Rows {
		times[i] = call[row].Time.UnixMicro()
	}
	slices.Sort(times)
	weeks := make([]Question, 0, 1)
	for _, at := range times {
		if last := len(weeks) - 1; last >= 0 && at-week <= weeks[last].UpTo {
			weeks[last].UpTo = at
		} else {
			weeks = append(weeks, Question{Account: a.Seq, After: at - week, UpTo: at})
		}
	}
	return weeks
}

// Know takes on what is known of the accounts, by ID.
func (a Accounts) Know(of map[string]*Account) {
	for i, id := range a.IDs {
		if known := of[id]; known != nil {
			rows := a.All[i].Rows
			*a.All[i] = *known
			a.All[i].Rows = rows
		}
	}
}
