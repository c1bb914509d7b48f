package main

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type outcomesHistoryCmd struct {
	remote
	ID string `arg:"" help:"ID of a recorded transaction."`
	output
}

var historyColumns = []column{{head: "OCCURRED (UTC)"}, {head: "OUTCOME"}, {head: "SOURCE"}, {head: "REPORTED (UTC)", rank: 1}, {head: "NOTE", prose: true}}

func (c *outcomesHistoryCmd) Run(ctx context.Context, io streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	res, err := service.ListOutcomes(ctx, &fraudactivityv1.ListOutcomesRequest{TransactionId: c.ID})
	if err != nil {
		return err
	}
	var rows [][]string
	for _, o := range res.Outcomes {
		if c.json() {
			if err := printJSON(io.out, o); err != nil {
				return err
			}
		}
		rows = append(rows, []string{showTime(o.OccurredAt), showOutcome(o), showSource(o), showTime(o.ReportedAt), o.Note})
	}
	if c.json() {
		return nil
	}
	return io.table(historyColumns, rows)
}
