package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/wassef911/grpcgoesbrrr/bench/peer"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// startUnary starts a server that has PredictFraud alone, as somebody who never
// heard of us wrote it, and our service before it,
// to be started when it is first needed.
func (b *bench) startUnary(ctx context.Context, processes int) (peer.Peer, *server, *gateway, error) {
	peers, err := peer.All(filepath.Join(b.repo, "bench", "peers"))
	if err != nil {
		return peer.Peer{}, nil, nil, err
	}
	for _, p := range peers {
		if p.Name != unaryPeer {
			continue
		}
		p.Serve = fmt.Sprintf("PROCESSES=%d; %s", processes, p.Serve)
		alone, err := b.startPeer(ctx, p)
		if err != nil {
			return p, nil, nil, err
		}
		return p, alone, b.newGateway(b.pristine, alone.url()), nil
	}
	return peer.Peer{}, nil, nil, fmt.Errorf("there is no peer %s", unaryPeer)
}

// measureUnary runs that server alone and with our service before it, turn and
// turn about.
func (b *bench) measureUnary(ctx context.Context) error {
	if !b.wantedAny(b.unaryCells(1)) {
		return nil
	}
	p, alone, before, err := b.startUnary(ctx, 2)
	if err != nil {
		return err
	}
	if err := b.comparePeer(ctx, p, alone); err != nil {
		return err
	}
	ways := allWays()
	if err := b.compareUs(ctx, result.Unary, before, ways[len(ways)-1:]); err != nil {
		return err
	}
	for round := range b.Rounds {
		for _, c := range b.unaryCells(round + 1) {
			run, t, rate := b.get(c.Protocol, c.Callers), target{gateway: before, behind: alone}, drawRate(c.Callers)
			if c.System == unaryPeer {
				t, rate = target{server: alone}, 0
				if run, err = b.askPeer(p, c.Callers); err != nil {
					return err
				}
			}
			if err := b.time(ctx, c, t, b.span(), rate, run); err != nil {
				return err
			}
		}
	}
	return nil
}

// unaryCells are those of one round.
func (b *bench) unaryCells(round int) []result.Cell {
	var cells []result.Cell
	for _, n := range callers {
		cells = append(cells,
			result.Cell{Suite: "unary", System: unaryPeer, Call: "PredictFraud", Protocol: result.GRPC, Callers: n, Round: round},
			result.Cell{Suite: "unary", System: result.Unary, Call: result.Get, Protocol: result.ConnectJSON, Callers: n, Round: round, Recorded: b.Recorded})
	}
	return cells
}
