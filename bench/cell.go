package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
	"github.com/wassef911/grpcgoesbrrr/bench/scrape"
)

// target is what a cell is run against.
type target struct {
	*server
	gateway *gateway // nil unless the system is ours
	behind  *server  // what the gateway asks, if the harness started it
}

// watch accounts for all that the harness started of the target.
func (t target) watch() (stop func() proc.Use) {
	front := t.process.Watch()
	if t.behind == nil {
		return front
	}
	back := t.behind.process.Watch()
	return func() proc.Use { return front().Add(back()) }
}

// endless is more than any cell draws.
const endless = 1 << 40

// offer runs a generator for a while.
type offer func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error)

// wanted tells whether a cell was asked for, and whether its system may be timed.
func (b *bench) wanted(c result.Cell) bool {
	return b.only.MatchString(c.Name()) && !b.barred[c.System]
}

// wantedAny tells whether any of the cells is wanted.
func (b *bench) wantedAny(cells []result.Cell) bool { return slices.ContainsFunc(cells, b.wanted) }

// time runs one cell, if it is wanted: a warm-up, then the time that counts.
// What fails is written down with the cell, and the run goes on; an error means
// that the run is to end. drawRate is how many recorded transactions a second
// the cell may need; 0: none.
func (b *bench) time(ctx context.Context, c result.Cell, t target, span time.Duration, drawRate int64, run offer) error {
	if !b.wanted(c) {
		return nil
	}
	if err := b.timeCell(ctx, &c, t, span, drawRate, run); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.Error = b.clean(err.Error())
		b.problem("%s: %v", c.Name(), err)
	}
	c.Fill()
	b.run.Cells = append(b.run.Cells, c)
	say("%-70s %9.0f/s  p50 %7.0f us  p99 %7.0f us  failed %d  cpu %.1f s  %s", c.Name(), c.AssessmentsPerSecond,
		c.Latency.P50, c.Latency.P99, c.Failed(), c.ServerCPUSeconds, c.Fresh)
	return nil
}

func (b *bench) timeCell(ctx context.Context, c *result.Cell, t target, span time.Duration, drawRate int64, run offer) error {
	if t.gateway != nil {
		t.server = &t.gateway.server
	}
	if err := t.ready(ctx); err != nil {
		return err
	}
	warmUp := time.Duration(b.WarmUp) * time.Second
	ids := &load.IDs{Recorded: b.Recorded, Stride: load.InOrder, Last: endless}
	if drawRate > 0 {
		var err error
		seconds := int64((span+warmUp)/time.Second) + 1
		if ids, err = t.gateway.share(ctx, min(drawRate*seconds, t.gateway.pristine.Recorded)); err != nil {
			return err
		}
	}
	warm, err := run(ctx, t, warmUp, ids)
	if err != nil {
		return fmt.Errorf("warm-up: %w", err)
	}
	ids = ids.After(warm.Used)
	before, watched := b.settle(ctx, t), t.watch()
	c.Result, err = run(ctx, t, span, ids)
	use := watched()
	c.ServerCPUSeconds, c.PeakMemoryBytes = use.CPUSeconds, use.PeakMemoryBytes
	if c.KeepMemory {
		c.MemoryBytes = use.MemoryBytes
	}
	if err != nil {
		return err
	}
	if drawRate > 0 {
		t.gateway.ledger.GiveBack(ids, c.Used)
	}
	if t.gateway != nil {
		b.readMetrics(ctx, c, t, before)
	}
	return nil
}

// scrape reads our metrics. Without a page there is nothing to read.
func (b *bench) scrape(ctx context.Context, t target) scrape.Reading {
	if t.gateway == nil {
		return scrape.Reading{}
	}
	reading, err := scrape.Read(ctx, "http://"+t.gateway.admin+"/metrics")
	if err != nil {
		return scrape.Reading{}
	}
	return reading
}

// problem notes what went wrong. The run goes on, and fails at its end.
func (b *bench) problem(format string, args ...any) {
	text := b.clean(fmt.Sprintf(format, args...))
	b.run.Problems = append(b.run.Problems, text)
	say("PROBLEM: %s", text)
}
