package main

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// How long what saturates three times is offered, and by how many connections.
const (
	tripleSeconds     = 60
	tripleConnections = 2048 // at most; each asks once a second at least
)

// measureTriple offers half of what saturates, three times as much for a minute,
// and half again at once: what is accepted is to be answered as quickly as at half,
// the rest refused at once, and nothing of it to last.
//
// With its own model the service is bound by the processors, which it shares with
// the generator: to refuse takes what there is. Before a slow host of one process
// it is bound by that, and has a processor to itself.
func (b *bench) measureTriple(ctx context.Context) error {
	if b.only.MatchString("triple/" + result.Unary) {
		_, alone, before, err := b.startUnary(ctx, 1)
		if err != nil {
			return err
		}
		if err := b.measureTripleOf(ctx, result.Unary, target{gateway: before, behind: alone}, 64); err != nil {
			return err
		}
		b.set.StopAll()
	}
	return b.measureTripleOf(ctx, result.Us, target{gateway: b.newGateway(b.pristine, "local")}, 512)
}

// measureTripleOf takes how many callers of a closed loop have the most answered:
// more of them would be refused, and ask again at once.
func (b *bench) measureTripleOf(ctx context.Context, system string, t target, saturating int) error {
	c := result.Cell{
		Suite: "triple", System: system, Call: result.Get, Protocol: result.ConnectJSON, Callers: saturating, Share: 1,
		Recorded: b.Recorded, Round: 1, KeepMemory: true,
	}
	if !b.wanted(c) {
		return nil
	}
	if err := b.time(ctx, c, t, b.span(), drawRate(saturating), b.flood(saturating, 0)); err != nil {
		return err
	}
	peak := b.run.Cells[len(b.run.Cells)-1].AnswersPerSecond
	c.Callers = 0
	for round, step := range []struct {
		share float64
		span  time.Duration
	}{{.5, b.openSpan()}, {3, b.tripleSpan()}, {.5, b.openSpan()}} {
		c.Share, c.Rate, c.Round = step.share, step.share*peak, 1+round/2 // the second half comes after
		if err := b.time(ctx, c, t, step.span, int64(min(c.Rate, 1.5*peak))+1000, b.flood(min(tripleConnections, int(c.Rate)), c.Rate)); err != nil {
			return err
		}
		b.sayTriple()
	}
	return nil
}

func (b *bench) tripleSpan() time.Duration {
	if b.Quick {
		return 3 * time.Second
	}
	return tripleSeconds * time.Second
}

func (b *bench) flood(connections int, rate float64) offer {
	return func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error) {
		return load.Flood{Address: t.gateway.address, Path: getPaths[result.ConnectJSON], Key: t.gateway.key,
			Connections: connections, Rate: rate, For: span, IDs: ids}.Run(ctx)
	}
}

// sayTriple tells what the last cell saw of refusals and memory.
func (b *bench) sayTriple() {
	c := b.run.Cells[len(b.run.Cells)-1]
	first, last := c.MemoryThirds()
	say("offered %.0f/s: answered %.0f/s p50 %.1f p99 %.1f p99.9 %.1f ms; failures %v; generator %.1f CPU-s; memory %d to %d MiB", c.Offered, c.AnswersPerSecond,
		c.Latency.P50/1e3, c.Latency.P99/1e3, c.Latency.P999/1e3, c.Failures, c.CPUSeconds, int64(first)>>20, int64(last)>>20)
	if c.Refused != nil {
		say("refused in p50 %.1f p99 %.1f p99.9 %.1f max %.1f ms", c.Refused.P50/1e3, c.Refused.P99/1e3, c.Refused.P999/1e3, c.Refused.Max/1e3)
	}
}
