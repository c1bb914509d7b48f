package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/peer"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

const (
	// peerRows is how many different transactions peers are asked about in turn.
	peerRows = 1000
	// peerPatience is how long a peer may take to answer for the first time.
	peerPatience = 2 * time.Minute
	// unaryPeer is the server that has PredictFraud alone.
	unaryPeer = "grpcio"
)

// place is where peers live.
func (b *bench) place() peer.Place {
	return peer.Place{
		Repo: b.repo, Models: b.models(), Envs: filepath.Join(b.repo, "bench", ".env"),
		Logs: filepath.Join(b.cache, "log"), Temp: b.temp,
	}
}

// startPeer sets a peer up, starts it and waits until it answers.
func (b *bench) startPeer(ctx context.Context, p peer.Peer) (*server, error) {
	if len(b.rows) == 0 {
		return nil, errors.New("there are no facts to ask about: the comparison of answers failed")
	}
	say("setting up %s", p.Name)
	if err := p.SetUp(ctx, b.place()); err != nil {
		return nil, err
	}
	process, address, err := p.Start(b.set, b.place())
	if err != nil {
		return nil, err
	}
	return &server{process: process, address: address}, process.Await(ctx, peerPatience, func(ctx context.Context) error {
		_, err := p.Ask(ctx, b.place(), address, b.rows[0])
		return err
	})
}

// measurePeers runs one peer after the other. One that cannot be set up or
// answers wrongly is reported, and the next one runs.
func (b *bench) measurePeers(ctx context.Context) error {
	peers, err := peer.All(filepath.Join(b.repo, "bench", "peers"))
	if err != nil {
		return err
	}
	for _, p := range peers {
		known := p.Result()
		if b.wantedAny(b.peerCells(p)) {
			if err := b.measurePeer(ctx, p); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				known.Error = b.clean(err.Error())
				say("%s is not measured: %s", p.Name, known.Error)
			}
			b.set.StopAll()
		}
		b.run.Peers = append(b.run.Peers, known)
	}
	return nil
}

// peerCells are those of one round.
func (b *bench) peerCells(p peer.Peer) []result.Cell {
	var cells []result.Cell
	for _, n := range callers {
		cells = append(cells, result.Cell{Suite: "peers", System: p.Name, Call: "predict", Protocol: p.Protocol, Callers: n})
	}
	return cells
}

func (b *bench) measurePeer(ctx context.Context, p peer.Peer) error {
	s, err := b.startPeer(ctx, p)
	if err != nil {
		return err
	}
	if err := b.comparePeer(ctx, p, s); err != nil {
		return err
	}
	for round := range b.Rounds {
		for _, c := range b.peerCells(p) {
			c.Round = round + 1
			run, err := b.askPeer(p, c.Callers)
			if err != nil {
				return err
			}
			if err := b.time(ctx, c, target{server: s}, b.span(), 0, run); err != nil {
				return err
			}
		}
	}
	return nil
}

// comparePeer holds a peer's answers against the model itself.
func (b *bench) comparePeer(ctx context.Context, p peer.Peer, s *server) error {
	rows := b.rows[:compared]
	facts, said := make([]peer.Facts, len(rows)), make([]float64, len(rows))
	for i, row := range rows {
		var err error
		facts[i] = row.Facts()
		if said[i], err = p.Ask(ctx, b.place(), s.address, row); err != nil {
			return err
		}
	}
	if err := b.compare(ctx, p.Name, p.Protocol, facts, said); err != nil {
		return err
	}
	if b.barred[p.Name] {
		return errors.New("its answers are not the model's")
	}
	return nil
}

// askPeer asks a peer in a closed loop, in its own protocol.
func (b *bench) askPeer(p peer.Peer, callers int) (offer, error) {
	if p.Protocol == "http" {
		bodies := filepath.Join(b.place().Temp, p.Name+".bodies")
		if err := p.WriteBodies(bodies, b.rows); err != nil {
			return nil, err
		}
		return b.overHTTP(callers, "rows", "path="+p.HTTP.Path, "rows="+bodies), nil
	}
	method, err := p.Method(b.place())
	if err != nil {
		return nil, err
	}
	descriptors, err := load.DescriptorSet(method.ParentFile())
	if err != nil {
		return nil, err
	}
	requests := make([][]byte, len(b.rows))
	for i, row := range b.rows {
		if requests[i], err = p.Request(method, row); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, t target, span time.Duration, _ *load.IDs) (load.Result, error) {
		return load.GRPC{
			Address: t.address, Call: p.GRPC.Call, Callers: callers, For: span, Descriptors: descriptors, Next: inTurn(requests),
		}.Run(ctx)
	}, nil
}
