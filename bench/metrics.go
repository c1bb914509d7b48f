package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
	"github.com/wassef911/grpcgoesbrrr/bench/scrape"
)

// Names on the page of metrics of our service.
const (
	fromModel  = `brrr_assessments_total{source="model"}`
	fromRecord = `brrr_assessments_total{source="record"}`
	batchRows  = `brrr_batch_rows`
	stageTime  = `brrr_stage_duration_seconds{stage=%q}`
)

// notAvailable is said of freshness where there are no metrics to tell.
const notAvailable = "not available"

// stages of a call, in their order.
var stages = []string{"gate", "queue", "lookup", "predict", "record"}

// Calls whose callers have left at the end of a run still end on the server.
const (
	settleStep = 50 * time.Millisecond
	settleMost = 3 * time.Second
)

// settle waits until the service answers no more, and returns its metrics then.
func (b *bench) settle(ctx context.Context, t target) scrape.Reading {
	time.Sleep(settleStep)
	reading := b.scrape(ctx, t)
	for range settleMost / settleStep {
		time.Sleep(settleStep)
		next := b.scrape(ctx, t)
		grown, ok := next.Counter(reading, fromModel)
		reading = next
		if !ok || grown == 0 {
			break
		}
	}
	return reading
}

// readMetrics notes what our service says of the cell, and judges whether its
// answers were fresh.
func (b *bench) readMetrics(ctx context.Context, c *result.Cell, t target, before scrape.Reading) {
	now := b.settle(ctx, t)
	model, ok := now.Counter(before, fromModel)
	if !ok {
		c.Fresh = notAvailable
		return
	}
	record, _ := now.Counter(before, fromRecord)
	c.Seen = &result.Seen{FromModel: model, FromRecord: record, Stages: map[string]result.Spread{}}
	for _, stage := range stages {
		if h, ok := now.Histogram(before, fmt.Sprintf(stageTime, stage)); ok {
			c.Seen.Stages[stage] = spread(h, 1000)
		}
	}
	if h, ok := now.Histogram(before, batchRows); ok {
		rows := spread(h, 1)
		rows.P50, rows.P99 = math.Ceil(rows.P50), math.Ceil(rows.P99) // rows are whole
		c.Seen.BatchRows = &rows
	}
	c.Fresh = freshness(*c)
	if c.Call != result.Mix && c.Fresh != "yes" {
		b.problem("%s: answers were not fresh: %s", c.Name(), c.Fresh)
	}
}

func spread(h scrape.Histogram, scale float64) result.Spread {
	return result.Spread{Count: h.Count, Mean: scale * h.Mean(), P50: scale * h.Quantile(.5), P99: scale * h.Quantile(.99)}
}

// freshness tells whether every answer came from the model, none from the
// record. Calls whose callers left before the answer count on one side only:
// at most one for each caller at either end of the run, or what failed.
func freshness(c result.Cell) string {
	each := float64(max(c.PerAnswer, 1))
	answered, margin := each*float64(c.Answers), each*float64(2*max(c.Callers, 64)+c.Failed())
	switch {
	case c.Seen.FromRecord > 0:
		return fmt.Sprintf("%.0f of %.0f from the record", c.Seen.FromRecord, c.Seen.FromRecord+c.Seen.FromModel)
	case math.Abs(c.Seen.FromModel-answered) > margin:
		return fmt.Sprintf("the model scored %.0f for %.0f answers", c.Seen.FromModel, answered)
	}
	return "yes"
}
