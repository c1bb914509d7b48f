package main

import (
	"context"
	"fmt"
	"slices"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type listCmd struct {
	remote
	filterFlags
	Order string `help:"Which come first (${enum})." enum:"newest,probability" default:"newest"`
	Limit int    `help:"How many at the most." default:"50"`
	output
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

var listColumns = slices.Concat([]activityColumn{assessedColumn}, basicColumns, fullColumns)

func (c *listCmd) show(io streams, found []*fraudactivityv1.FraudActivity) error {
	if !c.json() {
		return io.activities(listColumns, found)
	}
	for _, a := range found {
		if err := printJSON(io.out, a); err != nil {
			return err
		}
	}
	return nil
}
