package main

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/bench/data"
	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// largeFactor is how many times more transactions the large store holds.
const largeFactor = 10

// measureLarge repeats the main cells with a large store, turn and turn about
// with the usual one.
func (b *bench) measureLarge(ctx context.Context) error {
	cell := result.Cell{Suite: "large", System: result.Us, Call: result.Get, Protocol: result.ConnectJSON, Recorded: b.Recorded * largeFactor}
	if !b.Large || !b.wantedAny(largeCells(cell)) {
		return nil
	}
	pristine, err := data.Prepare(ctx, b.repo, b.cache, b.Recorded*largeFactor, say)
	if err != nil {
		return err
	}
	b.run.Settings.RecordedBig = pristine.Recorded
	gateways := b.largeGateways(pristine)
	for round := range b.Rounds {
		for _, c := range largeCells(cell) {
			for _, g := range gateways {
				c.Recorded, c.Round, c.AnyOrder = g.pristine.Recorded, round+1, g.stride == load.AnyOrder
				if err := b.time(ctx, c, target{gateway: g}, b.span(), drawRate(c.Callers), b.get(c.Protocol, c.Callers)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// largeGateways are asked in the order of recording and in any other, which
// leaves nothing in SQLite's cache that is asked about next.
func (b *bench) largeGateways(large data.Pristine) []*gateway {
	var gateways []*gateway
	for _, stride := range []int64{load.InOrder, load.AnyOrder} {
		for _, pristine := range []data.Pristine{b.pristine, large} {
			g := b.newGateway(pristine, "local")
			g.stride = stride
			gateways = append(gateways, g)
		}
	}
	return gateways
}

func largeCells(like result.Cell) []result.Cell {
	var cells []result.Cell
	for _, like.Callers = range []int{64, 256} {
		cells = append(cells, like)
	}
	return cells
}
