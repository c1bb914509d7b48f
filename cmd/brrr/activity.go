package main

import (
	"fmt"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// activityColumn is one thing about an assessment.
type activityColumn struct {
	column
	cell func(*fraudactivityv1.FraudActivity) string
}

// What tables have of assessments. Ranks are the same wherever they stand: what a
// person decides by goes last.
var (
	assessedColumn = activityColumn{column{head: "ASSESSED (UTC)", rank: 2}, func(a *fraudactivityv1.FraudActivity) string { return showTime(a.Assessment.GetAssessedAt()) }}
	idColumn       = activityColumn{column{head: "TRANSACTION"}, (*fraudactivityv1.FraudActivity).GetTransactionId}
	labelColumn    = activityColumn{column{head: "LABEL"}, func(a *fraudactivityv1.FraudActivity) string { return showLabel(a.PredictedLabel) }}
	percentColumn  = activityColumn{column{head: "PROBABILITY", right: true}, func(a *fraudactivityv1.FraudActivity) string { return showPercent(a.FraudProbability) }}
	amountColumn   = activityColumn{column{head: "AMOUNT", right: true, rank: 1}, func(a *fraudactivityv1.FraudActivity) string {
		return showAmount(a.Assessment.GetFacts().GetAmount(), a.Assessment.GetFacts().GetCurrency())
	}}
	accountColumn = activityColumn{column{head: "ACCOUNT", rank: 4}, func(a *fraudactivityv1.FraudActivity) string { return a.Assessment.GetFacts().GetAccountId() }}
	timeColumn    = activityColumn{column{head: "TIME (UTC)", rank: 5}, func(a *fraudactivityv1.FraudActivity) string { return showTime(a.Assessment.GetFacts().GetTime()) }}
	ageColumn     = activityColumn{column{head: "ACCOUNT AGE", right: true, rank: 6}, func(a *fraudactivityv1.FraudActivity) string {
		return showAge(a.Assessment.GetFacts().GetAgeOfAccount())
	}}
	numberColumn = activityColumn{column{head: "NUMBER", right: true, rank: 7}, func(a *fraudactivityv1.FraudActivity) string {
		return fmt.Sprint(a.Assessment.GetFacts().GetNumberOfTransactions())
	}}
	outcomeColumn = activityColumn{column{head: "OUTCOME", rank: 3}, func(a *fraudactivityv1.FraudActivity) string { return showOutcome(a.Assessment.GetOutcome()) }}
	modelColumn   = activityColumn{column{head: "MODEL", rank: 8}, func(a *fraudactivityv1.FraudActivity) string { return a.Assessment.GetModelVersion() }}
)

// basicColumns are what VIEW_BASIC has, and fullColumns what VIEW_FULL adds.
var (
	basicColumns = []activityColumn{idColumn, labelColumn, percentColumn}
	fullColumns  = []activityColumn{amountColumn, accountColumn, timeColumn, ageColumn, numberColumn, outcomeColumn, modelColumn}
)

func showOutcome(o *fraudactivityv1.Outcome) string {
	if o == nil {
		return "-"
	}
	return enumWord(o.Outcome.String(), "OUTCOME_LABEL_")
}

// activities writes one row for each assessment.
func (s streams) activities(of []activityColumn, found []*fraudactivityv1.FraudActivity) error {
	columns := make([]column, len(of))
	for i, c := range of {
		columns[i] = c.column
	}
	rows := make([][]string, len(found))
	for i, a := range found {
		for _, c := range of {
			rows[i] = append(rows[i], c.cell(a))
		}
	}
	return s.table(columns, rows)
}
