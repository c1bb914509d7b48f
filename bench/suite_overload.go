package main

import (
	"context"
	"strconv"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// patienceMillis is what callers bring who would rather be refused than wait.
const patienceMillis = 50

// measureOverload asks more than can be answered: with many callers, and at
// twice the rate that saturates.
func (b *bench) measureOverload(ctx context.Context) error {
	us := b.newGateway(b.pristine, "local")
	t := target{gateway: us}
	for _, deadline := range []int{0, patienceMillis} {
		for _, n := range []int{256, 512, 1024, 2048} {
			c := result.Cell{
				Suite: "overload", System: result.Us, Call: result.Get, Protocol: result.ConnectJSON,
				Callers: n, Deadline: deadline, Recorded: b.Recorded, Round: 1, KeepMemory: true,
			}
			words := []string{"path=" + getPaths[c.Protocol]}
			if deadline > 0 {
				words = append(words, "timeout_ms="+strconv.Itoa(deadline))
			}
			// Refusals draw ids too, and are quick.
			run := b.probed(c, deadline, b.overHTTP(n, "get", words...))
			if err := b.time(ctx, c, t, b.span(), 2*drawRate(n), run); err != nil {
				return err
			}
		}
	}
	b.set.StopAll()
	return b.measureTwice(ctx)
}

// measureTwice offers twice the rate that saturates our service before a slow
// backend, which leaves the generator enough of the machine to do so.
func (b *bench) measureTwice(ctx context.Context) error {
	if !b.only.MatchString("overload/" + result.Unary) {
		return nil
	}
	_, alone, before, err := b.startUnary(ctx, 2)
	if err != nil {
		return err
	}
	t := target{gateway: before, behind: alone}
	peak, err := b.saturate(ctx, "overload", result.Unary, t)
	if err != nil || peak == 0 {
		return err
	}
	for _, deadline := range []int{patienceMillis, 10 * patienceMillis} {
		c := result.Cell{
			Suite: "overload", System: result.Unary, Call: result.Get, Protocol: result.ConnectJSON, Share: 2, Rate: 2 * peak,
			Deadline: deadline, Recorded: b.Recorded, Round: 1, KeepMemory: true,
		}
		run := b.probed(c, deadline, b.open(c.Rate, 0, strconv.Itoa(deadline)))
		if err := b.time(ctx, c, t, b.openSpan(), int64(c.Rate)+1000, run); err != nil {
			return err
		}
	}
	return nil
}
