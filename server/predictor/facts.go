package predictor

import (
	"fmt"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// knownFacts are all that a model may ask for, by the name it asks with. The
// seconds per unit of age are AgeUnit's.
var knownFacts = map[string]func(f fraud.Facts, age AgeUnit) float64{
	"amount":                 func(f fraud.Facts, _ AgeUnit) float64 { return f.Amount },
	"time":                   func(f fraud.Facts, _ AgeUnit) float64 { return float64(f.Time.Unix()) },
	"age_of_account":         func(f fraud.Facts, age AgeUnit) float64 { return float64(age.of(f)) },
	"number_of_transactions": func(f fraud.Facts, _ AgeUnit) float64 { return float64(f.NumberOfTransactions) },
	"seconds_since_previous": func(f fraud.Facts, _ AgeUnit) float64 { return float64(f.SecondsSincePrevious) },
	"amount_last_hour":       func(f fraud.Facts, _ AgeUnit) float64 { return f.AmountLastHour },
	"amount_last_day":        func(f fraud.Facts, _ AgeUnit) float64 { return f.AmountLastDay },
	"amount_last_week":       func(f fraud.Facts, _ AgeUnit) float64 { return f.AmountLastWeek },
	"transactions_last_week": func(f fraud.Facts, _ AgeUnit) float64 { return float64(f.TransactionsLastWeek) },
}

// checkFacts refuses, by name, a fact that the gateway does not know.
func checkFacts(names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("the model names no facts")
	}
	for i, name := range names {
		if knownFacts[name] == nil {
			return fmt.Errorf("the model asks for the fact %q, which the gateway does not know", name)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("the model asks for the fact %q twice", name)
		}
	}
	return nil
}

// columns lays rows out as the model wants them: one column a fact.
func columns(rows []fraud.Recorded, names []string, age AgeUnit) []*fraud_detection.Column {
	out := make([]*fraud_detection.Column, len(names))
	for i, name := range names {
		value := knownFacts[name]
		values := make([]float64, len(rows))
		for j := range rows {
			values[j] = value(rows[j].Facts, age)
		}
		out[i] = &fraud_detection.Column{Name: name, Values: values}
	}
	return out
}

// request is one row for PredictFraud.
func request(row fraud.Recorded, age AgeUnit) *fraud_detection.PredictionRequest {
	return &fraud_detection.PredictionRequest{
		TransactionId:        row.Seq,
		Amount:               row.Facts.Amount,
		Time:                 row.Facts.Time.Unix(),
		AgeOfAccount:         age.of(row.Facts),
		NumberOfTransactions: row.Facts.NumberOfTransactions,
	}
}

// of is the account's age in the unit that the model was trained on.
func (u AgeUnit) of(f fraud.Facts) int32 {
	if u == AgeDays {
		return f.AgeOfAccount / (24 * 60 * 60)
	}
	return f.AgeOfAccount
}
