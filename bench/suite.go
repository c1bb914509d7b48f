package main

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// callers of a closed loop.
var callers = []int{1, 16, 64, 256}

var protocols = []string{result.ConnectJSON, result.REST, result.GRPC}

// measure runs every suite. What a suite cannot do is noted, and the next one
// runs.
func (b *bench) measure(ctx context.Context) error {
	for _, suite := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"equality", b.measureEquality},
		{"limits", b.measureLimits},
		{"main", b.measureMain},
		{"calls", b.measureCalls},
		{"stores", b.measureStores},
		{"unary", b.measureUnary},
		{"ray", b.measureRay},
		{"peers", b.measurePeers},
		{"open", b.measureOpen},
		{"overload", b.measureOverload},
		{"triple", b.measureTriple},
		{"watchers", b.measureWatchers},
		{"large", b.measureLarge},
	} {
		say("== %s", suite.name)
		if err := suite.run(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.problem("%s: %v", suite.name, err)
		}
		b.set.StopAll()
	}
	return nil
}

// span is how long a cell counts.
func (b *bench) span() time.Duration { return time.Duration(b.Seconds) * time.Second }

// drawRate is more calls a second than n callers can have answered.
func drawRate(callers int) int64 {
	switch {
	case callers <= 1:
		return 6_000
	case callers <= 16:
		return 25_000
	}
	return 40_000
}

// measureEquality compares our answers with the model's own, and keeps the facts
// that peers are asked about.
func (b *bench) measureEquality(ctx context.Context) error {
	us := b.newGateway(b.pristine, "local")
	if err := b.compareUs(ctx, result.Us, us, allWays()); err != nil {
		return err
	}
	known, err := askBatchOf(ctx, us, peerRows)
	b.rows = forPeers(known)
	return err
}

// measureMain runs us and the handler that does nothing side by side, turn and
// turn about, so that a slow spell of the machine meets both.
func (b *bench) measureMain(ctx context.Context) error {
	null := b.newNull()
	us := b.newGateway(b.pristine, "local")
	for round := range b.Rounds {
		for _, protocol := range protocols {
			for _, n := range callers {
				c := result.Cell{Suite: "main", System: result.Null, Call: result.Get, Protocol: protocol, Callers: n, Round: round + 1}
				if err := b.time(ctx, c, target{server: null}, b.span(), 0, b.get(protocol, n)); err != nil {
					return err
				}
				c.System, c.Recorded = result.Us, b.Recorded
				if err := b.time(ctx, c, target{gateway: us}, b.span(), drawRate(n), b.get(protocol, n)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// measureCalls runs the other calls of our service.
func (b *bench) measureCalls(ctx context.Context) error {
	us := b.newGateway(b.pristine, "local")
	t := target{gateway: us}
	paths := []string{"path=" + getPaths[result.ConnectJSON], "assess_path=" + servicePath + result.Assess}
	for round := range b.Rounds {
		c := result.Cell{Suite: "calls", System: result.Us, Protocol: result.ConnectJSON, Recorded: b.Recorded, Round: round + 1}
		for _, c.Callers = range callers {
			c.Call = result.Assess
			if err := b.time(ctx, c, t, b.span(), 0, b.assess(c.Callers)); err != nil {
				return err
			}
			c.Call = result.Mix
			if err := b.time(ctx, c, t, b.span(), drawRate(c.Callers), b.overHTTP(c.Callers, "mix", append(paths, b.newIDs())...)); err != nil {
				return err
			}
		}
		if err := b.measureBatches(ctx, c, t); err != nil {
			return err
		}
	}
	return nil
}

// measureBatches runs calls about a thousand transactions each.
func (b *bench) measureBatches(ctx context.Context, c result.Cell, t target) error {
	const most = 150_000 // transactions a second, more than can be answered
	c.Call, c.PerAnswer = result.Batch, perBatch
	for _, c.Callers = range []int{1, 4, 16} {
		if err := b.time(ctx, c, t, b.span(), most, b.batch(c.Protocol, c.Callers)); err != nil {
			return err
		}
	}
	c.Callers, c.Protocol = 4, result.GRPC
	return b.time(ctx, c, t, b.span(), most, b.batch(c.Protocol, c.Callers))
}
