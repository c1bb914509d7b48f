package sqlite

import (
	"fmt"
	"strings"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// By account, and in order of arrival. Accounts are numbered, and few of their
// transactions are held at once.
const replaySQL = `
	SELECT account_seq, transaction_seq, transaction_id, opened_at, ` + factColumns + `
	FROM transactions CROSS JOIN accounts USING (account_seq) ORDER BY account_seq, transaction_seq`

// replay computes the facts of one account after another once more.
type replay struct {
	to      *Check
	line    reckon.Timeline
	account int64
	call    []fraud.Transaction
	stored  []fraud.Recorded
}

// lookAtFacts has all facts computed again, by what froze them. However calls
// divided the transactions of an account, they come to the same, and so do those
// that a migration computed: all can be compared to the last bit.
func lookAtFacts(c *engine.Conn, to *Check) error {
	r := replay{to: to}
	var last fraud.Facts
	err := each(c, replaySQL, nil, func(row *row) {
		if account := row.int(); account != r.account {
			r.finish()
			r.account = account
		}
		found := fraud.Recorded{Seq: row.int(), ID: row.text()}
		opened := row.time()
		found.Facts = row.facts(last)
		last = found.Facts
		r.add(found, fraud.Transaction{ID: found.ID, Amount: last.Amount, Time: last.Time, AccountOpenedAt: opened})
	})
	r.finish()
	return err
}

func (r *replay) add(stored fraud.Recorded, t fraud.Transaction) {
	r.stored, r.call = append(r.stored, stored), append(r.call, t)
	r.to.Looked++
}

// finish compares an account's facts, and forgets them.
func (r *replay) finish() {
	if len(r.call) == 0 {
		return
	}
	whole := reckon.Account{Rows: make([]int, len(r.call))}
	standings, facts := make([]reckon.Standing, len(r.call)), make([]fraud.Facts, len(r.call))
	for i := range r.call {
		whole.Rows[i], standings[i] = i, whole.AsLatest()
	}
	whole.Freeze(&r.line, r.call, standings, facts)
	for i, stored := range r.stored {
		given := stored.Facts
		want := facts[i]
		want.AccountID, want.Amount, want.Currency, want.Time = given.AccountID, given.Amount, given.Currency, given.Time
		if want != given {
			r.to.wrong("transaction %s: %s", stored.ID, differences(given, want))
		}
	}
	r.call, r.stored = r.call[:0], r.stored[:0]
}

// differences names the facts that are not what they should be.
func differences(given, want fraud.Facts) string {
	var found []string
	for _, fact := range []struct {
		name        string
		given, want any
	}{
		{"age_of_account", given.AgeOfAccount, want.AgeOfAccount},
		{"number_of_transactions", given.NumberOfTransactions, want.NumberOfTransactions},
		{"seconds_since_previous", given.SecondsSincePrevious, want.SecondsSincePrevious},
		{"amount_last_hour", given.AmountLastHour, want.AmountLastHour},
		{"amount_last_day", given.AmountLastDay, want.AmountLastDay},
		{"amount_last_week", given.AmountLastWeek, want.AmountLastWeek},
		{"transactions_last_week", given.TransactionsLastWeek, want.TransactionsLastWeek},
	} {
		if fact.given != fact.want {
			found = append(found, fmt.Sprintf("%s is %v and should be %v", fact.name, fact.given, fact.want))
		}
	}
	return strings.Join(found, ", ")
}
