package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// assessedRow is one row of output. The part file has it as JSON, with where it
// comes from and what is said to a person. The names are those that the Python side
// writes for files of its own.
type assessedRow struct {
	TransactionID    string     `json:"transaction_id" parquet:"transaction_id"`
	PredictedLabel   *bool      `json:"predicted_label,omitempty" parquet:"predicted_label"`
	FraudProbability *float64   `json:"fraud_probability,omitempty" parquet:"fraud_probability"` // percent
	ModelVersion     *string    `json:"model_version,omitempty" parquet:"model_version"`
	Threshold        *float64   `json:"threshold,omitempty" parquet:"threshold"` // percent; nil also if the model does not publish it
	AssessedAt       *time.Time `json:"assessed_at,omitempty" parquet:"assessed_at,timestamp(microsecond)"`
	Reason           string     `json:"reason,omitempty" parquet:"reason"` // empty: the row is answered

	Line    int    `json:"line" parquet:"-"` // of the input
	Message string `json:"message,omitempty" parquet:"-"`
}

// answered is a row that the service has assessed.
func answered(row importRow, a *fraudactivityv1.FraudActivity) assessedRow {
	out := assessedRow{Line: row.line, TransactionID: row.transaction.TransactionId,
		PredictedLabel: &a.PredictedLabel, FraudProbability: &a.FraudProbability}
	if of := a.Assessment; of != nil {
		at := of.AssessedAt.AsTime()
		out.ModelVersion, out.Threshold, out.AssessedAt = &of.ModelVersion, of.Threshold, &at
	}
	return out
}

// unanswered is a row that has no score at all: none is not a low one.
func unanswered(row importRow) assessedRow {
	return assessedRow{Line: row.line, TransactionID: row.transaction.GetTransactionId(), Reason: row.refused.reason, Message: row.refused.message}
}

// askedColumns are what is read of a file to assess: the columns of import, less
// the label.
var askedColumns = importColumns{
	needed:   []string{"transaction_id"},
	optional: []string{"account_id", "amount", "time", "currency", "account_opened_at"},
}

// recordedBy are the columns that make a file one of whole payments. One that has
// but some of them is a mistake: to assess its IDs alone would leave out rows that
// are not recorded.
var recordedBy = []string{"account_id", "amount", "time"}

// parseAsked tells by the columns how rows are read, and whether they are to be
// recorded.
func parseAsked(name string, lines lineReader) (parse func(importLine) importRow, record bool, err error) {
	found, err := lines.has(recordedBy...)
	switch {
	case err != nil:
		return nil, false, err
	case len(found) == len(recordedBy):
		return parsePayment, true, nil
	case len(found) == 0:
		return parseID, false, nil
	}
	lacking := slices.DeleteFunc(slices.Clone(recordedBy), func(name string) bool { return slices.Contains(found, name) })
	return nil, false, fmt.Errorf("%s: has the column %s, but lacks %s; without any of them, transactions that are recorded are assessed",
		name, strings.Join(found, ", "), strings.Join(lacking, ", "))
}

// parseID reads a row that is recorded already.
func parseID(l importLine) importRow {
	if l.err != nil {
		return importRow{line: l.number, refused: notRead(l.err)}
	}
	return importRow{line: l.number, transaction: &fraudactivityv1.Transaction{TransactionId: l.field("transaction_id")}}
}
