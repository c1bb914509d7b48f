package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type listCmd struct {
	remote
	Transaction string    `help:"Assessments of this transaction only."`
	Account     string    `help:"Assessments of this account's transactions only."`
	Min         *float64  `help:"Least fraud probability, in percent."`
	Max         *float64  `help:"Greatest fraud probability, in percent."`
	Label       string    `help:"What the model said." enum:"any,fraud,legitimate" default:"any"`
	Outcome     string    `help:"What it turned out to be." enum:"any,fraud,legitimate" default:"any"`
	From        time.Time `help:"Assessed at this time (RFC 3339) or later."`
	To          time.Time `help:"Assessed before this time (RFC 3339)."`
	Order       string    `help:"Which come first." enum:"newest,probability" default:"newest"`
	Limit       int       `help:"How many at the most." default:"50"`
	Output      string    `short:"o" help:"How to show it." enum:"table,json" default:"table"`
}

// Run lists page by page until the limit.
func (c *listCmd) Run(ctx context.Context, io streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	if c.Limit < 1 {
		return fmt.Errorf("limit: must be at least 1, not %d", c.Limit)
	}
	req := &fraudactivityv1.ListFraudActivityRequest{Filter: c.filter(), Order: orders[c.Order]}
	var found []*fraudactivityv1.FraudActivity
	for {
		req.PageSize = int32(min(c.Limit-len(found), maxItems))
		page, err := service.ListFraudActivity(ctx, req)
		if err != nil {
			return err
		}
		found = append(found, page.FraudActivities...)
		if req.PageToken = page.NextPageToken; req.PageToken == "" || len(found) >= c.Limit {
			return c.show(io, found)
		}
	}
}

var orders = map[string]fraudactivityv1.Order{
	"newest":      fraudactivityv1.Order_ORDER_NEWEST,
	"probability": fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY,
}

var outcomeLabels = map[string]fraudactivityv1.OutcomeLabel{
	"fraud":      fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD,
	"legitimate": fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_LEGITIMATE,
}

func (c *listCmd) filter() *fraudactivityv1.Filter {
	f := &fraudactivityv1.Filter{
		TransactionId: c.Transaction, AccountId: c.Account,
		MinFraudProbability: c.Min, MaxFraudProbability: c.Max, Outcome: outcomeLabels[c.Outcome],
	}
	if c.Label != "any" {
		flagged := c.Label == "fraud"
		f.PredictedLabel = &flagged
	}
	if !c.From.IsZero() {
		f.From = timestamppb.New(c.From)
	}
	if !c.To.IsZero() {
		f.To = timestamppb.New(c.To)
	}
	return f
}

func (c *listCmd) show(io streams, found []*fraudactivityv1.FraudActivity) error {
	if c.Output == "json" {
		for _, a := range found {
			if err := printJSON(io.out, a); err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([][]string, len(found))
	for i, a := range found {
		rows[i] = append([]string{showTime(a.Assessment.AssessedAt), a.TransactionId, showLabel(a.PredictedLabel), showPercent(a.FraudProbability)}, activityCells(a)...)
	}
	return printTable(io.out, append([]string{"ASSESSED", "TRANSACTION", "LABEL", "PROBABILITY"}, activityHead...), rows)
}

// enumWord is the word that people use for a value of an enum.
func enumWord(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }
