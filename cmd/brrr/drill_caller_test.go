package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// full is what callers ask for, so that each answer names its model.
const full = fraudactivityv1.View_VIEW_FULL

// drillCaller asks about transactions that it has recorded itself, one call after
// the other.
type drillCaller struct {
	load     *drillLoad
	name     string
	services []client.Client // of all gateways
	service  client.Client   // of the one that is asked
	rng      *rand.Rand
	copies   int
	// patience is how long it waits for an answer; 0: 1 to 3 s.
	patience time.Duration

	handing []drilled               // one account, handed in until that is acknowledged
	fresh   []drilled               // recorded, and not asked about yet
	newer   []drilled               // of one account, handed in with the question, in order
	old     []drilled               // answered
	latest  map[string]acknowledged // answers, by transaction and model
}

// run makes a call each time, or as soon as the one before has ended.
func (c *drillCaller) run(every time.Duration) {
	pace := time.NewTicker(every)
	defer pace.Stop()
	for {
		select {
		case <-c.load.ending:
			return
		case <-pace.C:
			c.step()
		}
	}
}

// next is another copy of some account.
func (c *drillCaller) next() []drilled {
	c.copies++
	return c.load.truth.copy(c.rng.IntN(len(c.load.truth.accounts)), fmt.Sprint(c.name, ".", c.copies))
}

// step makes one call: about half of them ask about something new, one by one.
func (c *drillCaller) step() {
	switch n := c.rng.IntN(20); {
	case len(c.fresh) < 30 && len(c.old) == 0 || len(c.fresh) < 300 && n == 0:
		c.record()
	case n < 10 && len(c.fresh) > 0:
		if c.get(c.fresh[0]) {
			c.fresh = c.fresh[1:]
		}
	case n < 15:
		c.assess()
	case n < 17 && len(c.fresh) > 8:
		c.batch()
	case n == 17 && len(c.old) > 0:
		c.report()
	case len(c.old) > 0:
		c.get(c.old[c.rng.IntN(len(c.old))])
	}
}

// askRest asks about all that is recorded and has no answer, once the load has ended.
func (c *drillCaller) askRest(service client.Client) {
	for some := range slices.Chunk(c.fresh, maxItems) {
		req := &fraudactivityv1.BatchGetFraudActivityRequest{View: full}
		for _, one := range some {
			req.TransactionIds = append(req.TransactionIds, one.TransactionId)
		}
		res, err := service.BatchGetFraudActivity(context.Background(), req)
		for i, r := range res.GetResults() {
			if r.GetFraudActivity() == nil {
				err = fmt.Errorf("%v", r)
				break
			}
			c.believe(some[i], r.GetFraudActivity())
		}
		if err != nil {
			c.load.untrue("in the end: %v", err)
		}
	}
}

// believe holds an answer to the model, and to what was answered before.
func (c *drillCaller) believe(one drilled, got *fraudactivityv1.FraudActivity) {
	if err := c.load.truth.check(one, got); err != nil {
		c.load.untrue("%s: %v", one.TransactionId, err)
		return
	}
	now, key := acknowledge(one, got), one.TransactionId+" by "+got.Assessment.ModelVersion
	before, known := c.latest[key]
	if known && !now.same(before) {
		c.load.untrue("first it was %s; now %s", before, now)
		return
	}
	if !known {
		c.latest[key] = now
		c.old = append(c.old, one)
		c.load.ledger.assessed(now)
	}
}
