package main

import (
	"context"
	"fmt"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// record hands an account in, and again as it is until that is acknowledged.
func (c *drillCaller) record() {
	if c.handing == nil {
		c.handing = c.next()
	}
	req := &fraudactivityv1.RecordTransactionsRequest{}
	for _, one := range c.handing {
		req.Transactions = append(req.Transactions, one.Transaction)
	}
	var res *fraudactivityv1.RecordTransactionsResponse
	stage, ok := c.call(func(ctx context.Context) (err error) { res, err = c.service.RecordTransactions(ctx, req); return err })
	if !ok {
		return
	}
	for _, r := range res.Results {
		if e := r.GetError(); e != nil {
			c.load.refused(stage, e.Reason, e.Message, 0, 0)
			return // and hand all of it in again
		}
	}
	c.load.answered(stage, len(res.Results), false)
	c.load.ledger.recorded(c.handing...)
	c.fresh, c.handing = append(c.fresh, c.handing...), nil
}

// get asks about one that is recorded, and reports whether it was answered.
func (c *drillCaller) get(one drilled) bool {
	var got *fraudactivityv1.FraudActivity
	stage, ok := c.call(func(ctx context.Context) (err error) {
		got, err = c.service.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: one.TransactionId, View: full})
		return err
	})
	if ok {
		c.believe(one, got)
		c.load.answered(stage, 1, !got.GetAssessment().GetFromRecord())
	}
	return ok
}

// assess hands in a transaction with the question, until that is answered: its
// account's next one counts it.
func (c *drillCaller) assess() {
	if len(c.newer) == 0 {
		c.newer = c.next()
	}
	one := c.newer[0]
	var got *fraudactivityv1.FraudActivity
	stage, ok := c.call(func(ctx context.Context) (err error) {
		got, err = c.service.AssessTransaction(ctx, &fraudactivityv1.AssessTransactionRequest{Transaction: one.Transaction, View: full})
		return err
	})
	if ok {
		c.load.ledger.recorded(one)
		c.believe(one, got)
		c.load.answered(stage, 1, !got.GetAssessment().GetFromRecord())
		c.newer = c.newer[1:]
	}
}

// batch asks about eight new ones and four old ones.
func (c *drillCaller) batch() {
	some := append([]drilled(nil), c.fresh[:8]...)
	for range min(4, len(c.old)) {
		some = append(some, c.old[c.rng.IntN(len(c.old))])
	}
	c.fresh = c.fresh[8:]
	req := &fraudactivityv1.BatchGetFraudActivityRequest{View: full}
	for _, one := range some {
		req.TransactionIds = append(req.TransactionIds, one.TransactionId)
	}
	var res *fraudactivityv1.BatchGetFraudActivityResponse
	stage, ok := c.call(func(ctx context.Context) (err error) {
		res, err = c.service.BatchGetFraudActivity(ctx, req)
		return err
	})
	if !ok {
		c.fresh = append(c.fresh, some[:8]...)
		return
	}
	if len(res.Results) != len(some) {
		c.load.untrue("%d results for %d", len(res.Results), len(some))
		return
	}
	answers, scored := 0, false
	for i, r := range res.Results {
		if e := r.GetError(); e != nil {
			c.load.refused(stage, e.Reason, e.Message, 0, 0)
			if i < 8 {
				c.fresh = append(c.fresh, some[i])
			}
			continue
		}
		answers++
		scored = scored || !r.GetFraudActivity().GetAssessment().GetFromRecord()
		c.believe(some[i], r.GetFraudActivity())
	}
	c.load.answered(stage, answers, scored)
}

// report tells what a transaction turned out to be, at random.
func (c *drillCaller) report() {
	one := c.old[c.rng.IntN(len(c.old))]
	req := &fraudactivityv1.ReportOutcomeRequest{TransactionId: one.TransactionId, OccurredAt: one.Time, Note: fmt.Sprint(c.name, " ", c.rng.Uint64()),
		Outcome: fraudactivityv1.OutcomeLabel(1 + c.rng.IntN(2)), Source: fraudactivityv1.OutcomeSource(1 + c.rng.IntN(4))}
	var res *fraudactivityv1.ReportOutcomeResponse
	stage, ok := c.call(func(ctx context.Context) (err error) { res, err = c.service.ReportOutcome(ctx, req); return err })
	if !ok {
		return
	}
	if o := res.GetOutcome(); o.GetTransactionId() != req.TransactionId || o.GetNote() != req.Note || o.GetOutcome() != req.Outcome {
		c.load.untrue("reported %v, recorded %v", req, o)
		return
	}
	c.load.ledger.reported(res.Outcome)
	c.load.answered(stage, 1, false)
}
