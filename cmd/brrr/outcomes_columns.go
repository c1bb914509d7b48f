package main

import (
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type labelled = fraudactivityv1.LabelledTransaction

// exportColumns are those of an export, in order. The Python side reads them by
// these names.
var exportColumns = []struct {
	name string
	of   func(*labelled) string
}{
	{"transaction_id", func(l *labelled) string { return l.TransactionId }},
	{"account_id", func(l *labelled) string { return l.Facts.GetAccountId() }},
	{"amount", func(l *labelled) string { return exactly(l.Facts.GetAmount()) }},
	{"currency", func(l *labelled) string { return l.Facts.GetCurrency() }},
	{"time", func(l *labelled) string { return epoch(l.Facts.GetTime()) }},
	{"age_of_account", func(l *labelled) string { return whole(l.Facts.GetAgeOfAccount()) }},
	{"number_of_transactions", func(l *labelled) string { return whole(l.Facts.GetNumberOfTransactions()) }},
	{"seconds_since_previous", func(l *labelled) string { return whole(l.Facts.GetSecondsSincePrevious()) }},
	{"amount_last_hour", func(l *labelled) string { return exactly(l.Facts.GetAmountLastHour()) }},
	{"amount_last_day", func(l *labelled) string { return exactly(l.Facts.GetAmountLastDay()) }},
	{"amount_last_week", func(l *labelled) string { return exactly(l.Facts.GetAmountLastWeek()) }},
	{"transactions_last_week", func(l *labelled) string { return whole(l.Facts.GetTransactionsLastWeek()) }},
	{"label", func(l *labelled) string {
		return oneOrZero(l.Outcome.GetOutcome() == fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD)
	}},
	{"outcome_source", func(l *labelled) string { return enumWord(l.Outcome.GetSource().String(), "OUTCOME_SOURCE_") }},
	{"outcome_occurred_at", func(l *labelled) string { return moment(l.Outcome.GetOccurredAt()) }},
	{"fraud_probability", assessed(func(a *fraudactivityv1.FraudActivity) string { return exactly(a.FraudProbability / 100) })},
	{"predicted_label", assessed(func(a *fraudactivityv1.FraudActivity) string { return oneOrZero(a.PredictedLabel) })},
	{"threshold", assessed(func(a *fraudactivityv1.FraudActivity) string {
		if a.Assessment == nil || a.Assessment.Threshold == nil {
			return "" // the model does not publish it
		}
		return exactly(*a.Assessment.Threshold / 100)
	})},
	{"model_version", assessed(func(a *fraudactivityv1.FraudActivity) string { return a.Assessment.GetModelVersion() })},
	{"assessed_at", assessed(func(a *fraudactivityv1.FraudActivity) string { return moment(a.Assessment.GetAssessedAt()) })},
}

func exportHead() []string {
	head := make([]string, len(exportColumns))
	for i, column := range exportColumns {
		head[i] = column.name
	}
	return head
}

func exportLine(l *labelled) []string {
	line := make([]string, len(exportColumns))
	for i, column := range exportColumns {
		line[i] = column.of(l)
	}
	return line
}

// assessed leaves a column empty where there is no assessment.
func assessed(of func(*fraudactivityv1.FraudActivity) string) func(*labelled) string {
	return func(l *labelled) string {
		if l.FraudActivity == nil {
			return ""
		}
		return of(l.FraudActivity)
	}
}

// exactly writes the shortest text that reads as the same double, with an
// exponent only where it would be long without.
func exactly(x float64) string {
	format := byte('f')
	if size := math.Abs(x); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.FormatFloat(x, format, -1, 64)
}

func whole(n int32) string { return strconv.Itoa(int(n)) }

func oneOrZero(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// epoch writes seconds since 1970, to the microsecond: digit by digit, since a
// double would lose some.
func epoch(t *timestamppb.Timestamp) string {
	at := t.AsTime().UnixMicro()
	text := strconv.FormatInt(at/1e6, 10)
	if micros := at % 1e6; micros != 0 {
		text += "." + strings.TrimRight(strconv.FormatInt(1e6+micros, 10)[1:], "0")
	}
	return text
}

func moment(t *timestamppb.Timestamp) string { return t.AsTime().Format(time.RFC3339Nano) }
