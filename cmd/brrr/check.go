package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// maxItems is how many items the service takes in one call.
const maxItems = 1000

type checkCmd struct {
	remote
	IDs    []string `arg:"" name:"id" help:"IDs of recorded transactions."`
	View   string   `help:"How much to show." enum:"basic,full,explained" default:"basic"`
	Output string   `short:"o" help:"How to show it." enum:"table,json" default:"table"`
}

var views = map[string]fraudactivityv1.View{
	"basic":     fraudactivityv1.View_VIEW_BASIC,
	"full":      fraudactivityv1.View_VIEW_FULL,
	"explained": fraudactivityv1.View_VIEW_EXPLAINED,
}

type checkResult = fraudactivityv1.BatchGetFraudActivityResponse_Result

// Run answers with errRejects if any ID has no answer.
func (c *checkCmd) Run(ctx context.Context, io streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	var results []*checkResult
	for ids := range slices.Chunk(c.IDs, maxItems) {
		res, err := service.BatchGetFraudActivity(ctx, &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids, View: views[c.View]})
		if err != nil {
			return err
		}
		results = append(results, res.Results...)
	}
	show := c.table
	if c.Output == "json" {
		show = showJSON
	}
	if err := show(io.out, results); err != nil {
		return err
	}
	return failures(io.err, results)
}

// failures names the IDs that have no answer.
func failures(w io.Writer, results []*checkResult) error {
	var err error
	for _, r := range results {
		if e := r.GetError(); e != nil {
			fmt.Fprintf(w, "brrr: %s: %s (%s)\n", r.TransactionId, e.Message, e.Reason)
			err = errRejects
		}
	}
	return err
}

func showJSON(w io.Writer, results []*checkResult) error {
	for _, r := range results {
		if a := r.GetFraudActivity(); a != nil {
			if err := printJSON(w, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checkCmd) table(w io.Writer, results []*checkResult) error {
	var rows [][]string
	head := []string{"TRANSACTION", "LABEL", "PROBABILITY"}
	if c.View != "basic" {
		head = append(head, activityHead...)
	}
	for _, r := range results {
		a := r.GetFraudActivity()
		if a == nil {
			continue
		}
		row := []string{a.TransactionId, showLabel(a.PredictedLabel), showPercent(a.FraudProbability)}
		if c.View != "basic" {
			row = append(row, activityCells(a)...)
		}
		rows = append(rows, row)
	}
	if err := printTable(w, head, rows); err != nil {
		return err
	}
	return showReasons(w, results)
}

// activityHead and activityCells are what VIEW_FULL adds.
var activityHead = []string{"ACCOUNT", "AMOUNT", "TIME", "ACCOUNT AGE", "NUMBER", "OUTCOME", "MODEL"}

func activityCells(a *fraudactivityv1.FraudActivity) []string {
	f := a.Assessment.GetFacts()
	outcome := "-"
	if o := a.Assessment.GetOutcome(); o != nil {
		outcome = enumWord(o.Outcome.String(), "OUTCOME_LABEL_")
	}
	return []string{f.GetAccountId(), fmt.Sprintf("%.2f %s", f.GetAmount(), f.GetCurrency()), showTime(f.GetTime()),
		showAge(f.GetAgeOfAccount()), fmt.Sprint(f.GetNumberOfTransactions()), outcome, a.Assessment.GetModelVersion()}
}

func showReasons(w io.Writer, results []*checkResult) error {
	for _, r := range results {
		reasons := r.GetFraudActivity().GetAssessment().GetReasons()
		if len(reasons) == 0 {
			continue
		}
		fmt.Fprintf(w, "\nWhy %s scores as it does (log-odds; above 0 speaks for fraud):\n", r.TransactionId)
		var rows [][]string
		for _, reason := range reasons {
			rows = append(rows, []string{fmt.Sprintf("%+.3f", reason.Contribution), reason.Code, strconv.FormatFloat(math.Round(reason.Value*100)/100, 'f', -1, 64), reason.Text})
		}
		if err := printTable(w, []string{"CONTRIBUTION", "REASON", "VALUE", "MEANING"}, rows); err != nil {
			return err
		}
	}
	return nil
}
