package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/data"
	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/proc"
)

// patience is how long a server may take to be ready.
const patience = 60 * time.Second

// server is anything that answers over HTTP or gRPC.
type server struct {
	process *proc.Process
	address string                      // HOST:PORT
	start   func(context.Context) error // when it is first needed; nil: it runs
}

func (s *server) url() string { return "http://" + s.address }

// gateway is our service, as `brrr serve` on a copy of a store of its own.
type gateway struct {
	server
	bench     *bench
	pristine  data.Pristine
	predictor string                                      // local, or where a model's host is
	flags     []string                                    // further ones
	admin     string                                      // HOST:PORT of the metrics
	data      string                                      // its folder, if the store is one
	place     func(ctx context.Context) ([]string, error) // makes a fresh store, and tells by which flags to open it
	role      string                                      // of the key; empty: backend, which may record and assess
	key       string
	stride    int64 // through the transactions: load.InOrder or load.AnyOrder
	ledger    *load.Ledger
}

// newNull is the handler that does nothing, started when it is first needed.
func (b *bench) newNull() *server {
	s := &server{}
	s.start = func(ctx context.Context) error {
		ports, err := proc.FreePorts(1)
		if err != nil {
			return err
		}
		s.address = fmt.Sprintf("127.0.0.1:%d", ports[0])
		s.process, err = b.set.Start(proc.Spec{
			Name: "null", Log: filepath.Join(b.cache, "log", "null"),
			Args: []string{filepath.Join(b.cache, "null"), "-listen", s.address},
			Env:  []string{"GOGC=400"}, // as our service sets it for itself: what is compared is the work
		})
		if err != nil {
			return err
		}
		return s.process.Await(ctx, patience, answers(s.url()+"/"))
	}
	return s
}

// newGateway is our service, started on a fresh copy of the store when it is
// first needed.
func (b *bench) newGateway(pristine data.Pristine, predictor string) *gateway {
	g := &gateway{bench: b, pristine: pristine, predictor: predictor, stride: load.InOrder}
	g.ledger = &load.Ledger{Recorded: pristine.Recorded, Stride: g.stride}
	g.start, g.place = g.restart, g.copyOfStore
	return g
}

// copyOfStore is a fresh copy of the store in a folder.
func (g *gateway) copyOfStore(ctx context.Context) ([]string, error) {
	g.data = filepath.Join(g.bench.cache, "work", fmt.Sprintf("store-%d-%d", g.pristine.Recorded, g.stride))
	return []string{"--data", g.data}, g.pristine.CopyTo(ctx, g.data)
}

// ready starts a server that does not run yet.
func (s *server) ready(ctx context.Context) error {
	if s.process != nil || s.start == nil {
		return nil
	}
	return s.start(ctx)
}

// restart puts the service on a fresh copy: no transaction is assessed again.
func (g *gateway) restart(ctx context.Context) error {
	if g.process != nil {
		g.process.Stop()
	}
	b := g.bench
	store, err := g.place(ctx)
	if err != nil {
		return err
	}
	g.ledger = &load.Ledger{Recorded: g.pristine.Recorded, Stride: g.stride}
	ports, err := proc.FreePorts(2)
	if err != nil {
		return err
	}
	g.address, g.admin = fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	binary := filepath.Join(b.cache, "brrr")
	key, err := exec.CommandContext(ctx, binary, append([]string{"keys", "create", "--name", "bench", "--role", cmp.Or(g.role, "backend")}, store...)...).Output()
	if err != nil {
		return fmt.Errorf("brrr keys create: %w", err)
	}
	g.key = strings.TrimSpace(string(key))
	g.process, err = b.set.Start(proc.Spec{
		Name: "brrr", Log: filepath.Join(b.cache, "log", "brrr"),
		Args: append([]string{binary, "serve", "--listen", g.address, "--admin-listen", g.admin,
			"--predictor", g.predictor, "--predictor-root", b.repo, "--models", b.models(), "--log-level", "warn"}, slices.Concat(store, g.flags)...),
	})
	if err != nil {
		return err
	}
	return g.process.Await(ctx, patience, answersOK(g.url()+"/readyz"))
}

// share gives out n transactions that were never assessed, on a fresh copy if
// this one has too few left.
func (g *gateway) share(ctx context.Context, n int64) (*load.IDs, error) {
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	if g.ledger.Left() < n && n <= g.ledger.Recorded {
		if err := g.restart(ctx); err != nil {
			return nil, err
		}
	}
	return g.ledger.Share(n)
}

// answers is ready once anything answers at url.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := status(ctx, url)
		return err
	}
}

// answersOK is ready once url answers 200.
func answersOK(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		code, err := status(ctx, url)
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("%s answers %d", url, code)
		}
		return err
	}
}

func status(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
