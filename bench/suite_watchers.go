package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// How many watch, and how much each of them is shown a second.
const (
	watchers     = 200
	watchersRate = 10
)

// measureWatchers saturates the service while nobody watches and while many do,
// turn and turn about.
func (b *bench) measureWatchers(ctx context.Context) error {
	us := b.newGateway(b.pristine, "local")
	alone := []result.Cell{
		{Suite: "watchers", System: result.Us, Call: result.Get, Protocol: result.ConnectJSON, Callers: 256, Recorded: b.Recorded},
		{Suite: "watchers", System: result.Us, Call: result.Batch, Protocol: result.ConnectJSON, Callers: 4, PerAnswer: perBatch, Recorded: b.Recorded},
	}
	for _, c := range alone {
		run, rate := b.get(c.Protocol, c.Callers), drawRate(c.Callers)
		if c.Call == result.Batch {
			run, rate = b.batch(c.Protocol, c.Callers), 150_000
		}
		for round := range b.Rounds {
			for _, c.Watchers = range []int{0, watchers} {
				c.Round = round + 1
				if err := b.time(ctx, c, target{gateway: us}, b.span(), rate, b.watched(c.Watchers, run)); err != nil {
					return err
				}
			}
		}
		c.Watchers = 0
		b.sayWatched(c)
	}
	return nil
}

// sayWatched tells what watchers cost: of the answers, and of the service's CPU.
// They share the machine, and what they use themselves lessens the answers too.
func (b *bench) sayWatched(alone result.Cell) {
	shared := alone
	shared.Watchers = watchers
	cpu := func(c result.Cell) float64 { return c.CPUSecondsPerMln }
	if answers, ok := b.run.Ratio(shared, alone, result.Throughput); ok {
		perAnswer, _ := b.run.Ratio(shared, alone, cpu)
		say("%s while %d watch, median of %d pairs: %.3f of the answers, %.3f of the CPU for each", alone.Call, watchers, b.Rounds, answers, perAnswer)
	}
}

// watched runs an offer while n watch, if any.
func (b *bench) watched(n int, run offer) offer {
	if n == 0 {
		return run
	}
	return func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error) {
		crowd, url, err := b.startWatchers(ctx, t.gateway, n)
		if err != nil {
			return load.Result{}, err
		}
		defer crowd.Stop()
		used := crowd.Watch()
		r, err := run(ctx, t, span, ids)
		use := used()
		if err != nil {
			return r, err
		}
		count, err := messages(ctx, url)
		say("%d watchers: %d messages, %.2f s of CPU in %.1f s", n, count, use.CPUSeconds, r.Seconds)
		return r, err
	}
}

func (b *bench) startWatchers(ctx context.Context, g *gateway, n int) (*proc.Process, string, error) {
	key, err := exec.CommandContext(ctx, filepath.Join(b.cache, "brrr"), "keys", "create", "--name", "watchers", "--role", "analyst", "--data", g.data).Output()
	if err != nil {
		return nil, "", fmt.Errorf("brrr keys create: %w", err)
	}
	ports, err := proc.FreePorts(1)
	if err != nil {
		return nil, "", err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", ports[0])
	crowd, err := b.set.Start(proc.Spec{
		Name: "watchers", Log: filepath.Join(b.cache, "log", "watchers"),
		Args: []string{filepath.Join(b.cache, "watchers"), "-url", g.url(), "-key", strings.TrimSpace(string(key)),
			"-count", strconv.Itoa(n), "-rate", strconv.Itoa(watchersRate), "-listen", listen},
	})
	if err != nil {
		return nil, "", err
	}
	url := "http://" + listen
	return crowd, url, crowd.Await(ctx, patience, answersOK(url))
}

// messages is how many have come so far.
func messages(ctx context.Context, url string) (n int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return n, json.NewDecoder(res.Body).Decode(&n)
}
