package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// replicas that predictors on Ray are measured with.
var replicas = []int{1, 2}

// measureRay runs our service before its own Python process and before Ray Serve, turn
// and turn about. Not more than one Ray runs at a time: each keeps the processors awake.
func (b *bench) measureRay(ctx context.Context) error {
	if !b.wantedAny(b.rayCells(1)) {
		return nil
	}
	plain := target{gateway: b.newGateway(b.pristine, "local")}
	for round := range b.Rounds {
		if err := b.timeRay(ctx, plain, round+1, result.Us); err != nil {
			return err
		}
		for _, n := range replicas {
			ray, err := b.startRay(ctx, n)
			if err != nil {
				return err
			}
			before := b.newGateway(b.pristine, ray.url())
			before.flags = []string{"--predictor-application", "fraud", "--predictor-batches", fmt.Sprint(n)}
			err = b.timeRay(ctx, target{gateway: before, behind: ray}, round+1, onRay(n))
			if before.process != nil {
				before.process.Stop()
			}
			ray.process.Stop()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func onRay(replicas int) string { return fmt.Sprintf("%s, replicas: %d", result.OnRay, replicas) }

// timeRay runs the cells of one system in one round.
func (b *bench) timeRay(ctx context.Context, t target, round int, system string) error {
	for _, c := range b.rayCells(round) {
		if c.System != system {
			continue
		}
		if err := b.time(ctx, c, t, b.span(), drawRate(c.Callers), b.get(c.Protocol, c.Callers)); err != nil {
			return err
		}
	}
	return nil
}

// rayCells are those of one round.
func (b *bench) rayCells(round int) []result.Cell {
	systems := []string{result.Us}
	for _, n := range replicas {
		systems = append(systems, onRay(n))
	}
	var cells []result.Cell
	for _, system := range systems {
		for _, n := range []int{16, 256} {
			for _, protocol := range []string{result.ConnectJSON, result.GRPC} {
				cells = append(cells, result.Cell{Suite: "ray", System: system, Call: result.Get, Protocol: protocol, Callers: n, Round: round, Recorded: b.Recorded})
			}
		}
	}
	return cells
}

// startRay starts a Ray of its own with the application on it.
func (b *bench) startRay(ctx context.Context, replicas int) (*server, error) {
	log := filepath.Join(b.cache, "log", "ray")
	process, err := b.set.Start(proc.Spec{
		Name: "ray", Log: log, Dir: b.repo, Env: b.pythonEnv(),
		Args: []string{b.python(), "-m", "predictor.tests.ray_node", "--stay", "--model", b.models(), fmt.Sprintf("--replicas=%d", replicas)},
	})
	if err != nil {
		return nil, err
	}
	s := &server{process: process}
	return s, process.Await(ctx, patience, func(context.Context) (err error) {
		s.address, err = rayAddress(log)
		return err
	})
}

// rayAddress reads where a Ray says that it listens, once all of it does.
func rayAddress(log string) (string, error) {
	said, err := os.ReadFile(log)
	if err != nil {
		return "", err
	}
	for lines := bufio.NewScanner(bytes.NewReader(said)); lines.Scan(); {
		var told struct{ Address string }
		if json.Unmarshal(lines.Bytes(), &told) == nil && told.Address != "" {
			return told.Address, nil
		}
	}
	return "", errors.New("no Ray serves yet")
}
