package postgres

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

// computed are the values of computedColumns.
func computed(facts []fraud.Facts) []any {
	type f = fraud.Facts
	return []any{
		column(facts, func(f *f) int32 { return f.AgeOfAccount }),
		column(facts, func(f *f) int32 { return f.NumberOfTransactions }),
		column(facts, func(f *f) int32 { return f.SecondsSincePrevious }),
		column(facts, func(f *f) float64 { return f.AmountLastHour }),
		column(facts, func(f *f) float64 { return f.AmountLastDay }),
		column(facts, func(f *f) float64 { return f.AmountLastWeek }),
		column(facts, func(f *f) int32 { return f.TransactionsLastWeek }),
	}
}
