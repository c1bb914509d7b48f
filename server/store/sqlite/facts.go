package sqlite

import "github.com/wassef911/grpcgoesbrrr/server/fraud"

// The columns of all facts, and of those that are not handed in.
const (
	factColumns     = `account_id, amount, currency, time, ` + computedColumns
	computedColumns = `age_of_account, number_of_transactions, seconds_since_previous,
		amount_last_hour, amount_last_day, amount_last_week, transactions_last_week`
)

// facts reads factColumns. Most rows have the currency of the one before them.
func (r *row) facts(before fraud.Facts) fraud.Facts {
	return fraud.Facts{AccountID: r.text(), Amount: r.float(), Currency: r.textLike(before.Currency),
		Time: r.time(), AgeOfAccount: r.int32(), NumberOfTransactions: r.int32(), SecondsSincePrevious: r.int32(),
		AmountLastHour: r.float(), AmountLastDay: r.float(), AmountLastWeek: r.float(), TransactionsLastWeek: r.int32()}
}

// computed binds computedColumns.
func (p *params) computed(f *fraud.Facts) {
	p.int(int64(f.AgeOfAccount))
	p.int(int64(f.NumberOfTransactions))
	p.int(int64(f.SecondsSincePrevious))
	p.float(f.AmountLastHour)
	p.float(f.AmountLastDay)
	p.float(f.AmountLastWeek)
	p.int(int64(f.TransactionsLastWeek))
}
