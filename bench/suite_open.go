package main

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

const (
	// saturating is how many callers find out what a system can do at most.
	saturating = 256
	// openSeconds is how long a fixed rate is held: longer than other cells,
	// since it is the rare slow answers that count.
	openSeconds = 8
)

// measureOpen finds what our service answers at most with this generator, and
// then offers parts of that at a fixed rate.
func (b *bench) measureOpen(ctx context.Context) error {
	us := b.newGateway(b.pristine, "local")
	t := target{gateway: us}
	peak, err := b.saturate(ctx, "open", result.Us, t)
	if err != nil || peak == 0 {
		return err
	}
	for round := range b.Rounds {
		for _, share := range []float64{.25, .5, .75} {
			c := result.Cell{
				Suite: "open", System: result.Us, Call: result.Get, Protocol: result.ConnectJSON,
				Share: share, Rate: share * peak, Recorded: b.Recorded, Round: round + 1,
			}
			if err := b.time(ctx, c, t, b.openSpan(), int64(c.Rate)+1000, b.open(c.Rate, 0, "")); err != nil {
				return err
			}
		}
	}
	return nil
}

// saturate finds how many answers a second a system gives at most. 0: the cell
// was not wanted.
func (b *bench) saturate(ctx context.Context, suite, system string, t target) (float64, error) {
	c := result.Cell{
		Suite: suite, System: system, Call: result.Get, Protocol: result.ConnectJSON,
		Callers: saturating, Recorded: b.Recorded, Round: 1, Share: 1,
	}
	if err := b.time(ctx, c, t, b.span(), drawRate(saturating), b.open(0, saturating, "")); err != nil || !b.wanted(c) {
		return 0, err
	}
	return b.run.Cells[len(b.run.Cells)-1].AnswersPerSecond, nil
}

func (b *bench) openSpan() time.Duration {
	if b.Quick {
		return 2 * time.Second
	}
	return openSeconds * time.Second
}
