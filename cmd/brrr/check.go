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
	IDs  []string `arg:"" name:"id" help:"IDs of recorded transactions."`
	View string   `help:"How much to show (${enum})." enum:"basic,full,explained" default:"basic"`
	output
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
	if err := c.show(io, results); err != nil {
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

func (c *checkCmd) show(io streams, results []*checkResult) error {
	var found []*fraudactivityv1.FraudActivity
	for _, r := range results {
		a := r.GetFraudActivity()
		if a == nil {
			continue
		}
		found = append(found, a)
		if c.json() {
			if err := printJSON(io.out, a); err != nil {
				return err
			}
		}
	}
	if c.json() {
		return nil
	}
	columns := basicColumns
	if c.View != "basic" {
		columns = slices.Concat(basicColumns, fullColumns)
	}
	if err := io.activities(columns, found); err != nil {
		return err
	}
	return showReasons(io, found)
}

var reasonColumns = []column{
	{head: "CONTRIBUTION", right: true}, {head: "REASON", rank: 1}, {head: "VALUE", right: true}, {head: "MEANING", prose: true},
}

func showReasons(io streams, found []*fraudactivityv1.FraudActivity) error {
	for _, a := range found {
		reasons := a.GetAssessment().GetReasons()
		if len(reasons) == 0 {
			continue
		}
		fmt.Fprintln(io.out)
		io.say("Why %s scores as it does (log-odds; above 0 speaks for fraud):", a.TransactionId)
		var rows [][]string
		for _, reason := range reasons {
			value := strconv.FormatFloat(math.Round(reason.Value*100)/100, 'f', -1, 64)
			rows = append(rows, []string{fmt.Sprintf("%+.3f", reason.Contribution), reason.Code, value, reason.Text})
		}
		if err := io.table(reasonColumns, rows); err != nil {
			return err
		}
	}
	return nil
}
