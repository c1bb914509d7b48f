package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// fleet is all servers that one Prometheus watches, and what is to happen to each.
type fleet struct {
	*testing.T
	disk  string // a disk in memory, on which nobody else writes; empty: none can be mounted here
	fates []*fate
	ready []func() // each returns once a server is
	close []func()
}

// fate is what happens to a server, by a name that its target is labelled with.
type fate struct {
	name  string
	admin string   // where its metrics are
	slow  bool     // a scrape may take seconds
	fires []string // each alert with its severity, and no other
	// strike begins the fault; nil: it is there from the start.
	strike func()
	// goOn is called over and over until all has fired.
	goOn func()
	// mend ends it, and all alerts with it; nil: that would take too long.
	mend func()

	fired  map[string]bool
	firing map[string]bool
	mended bool
}

func (f *fate) String() string {
	return fmt.Sprintf("%s: fired %v, firing %v, mended %v", f.name, f.fired, f.firing, f.mended)
}

// allFired tells that nothing more is to come.
func (f *fate) allFired() bool {
	for _, alert := range f.fires {
		if !f.fired[alert] {
			return false
		}
	}
	return true
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{T: t, disk: t.TempDir()}
	if !f.mount(f.disk, 64<<30) {
		f.disk = ""
	}
	f.Cleanup(func() { // all at once: most of it is waiting
		var closing sync.WaitGroup
		for _, closes := range f.close {
			closing.Go(closes)
		}
		closing.Wait()
	})
	return f
}

// mount has a disk of so many bytes, in memory.
func (f *fleet) mount(folder string, bytes int) bool {
	f.Helper()
	if err := syscall.Mount("brrr-test", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		f.Logf("NOT TESTED: disks that fill, as none can be mounted here: %v", err)
		return false
	}
	f.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			f.Errorf("unmount: %v", err)
		}
	})
	return true
}

// folder is one of a server's own, for its data.
func (f *fleet) folder(name string) string {
	f.Helper()
	if f.disk == "" {
		return f.TempDir()
	}
	folder := filepath.Join(f.disk, name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		f.Fatal(err)
	}
	return folder
}

// server starts one that is scraped. It is ready later.
func (f *fleet) server(name string, flags ...string) (*testServer, *fate) {
	f.Helper()
	return f.serverOn(f.folder(name), name, flags...)
}

func (f *fleet) serverOn(data, name string, flags ...string) (*testServer, *fate) {
	f.Helper()
	app, err := parseServe(f.T, data, append(flags, "--admin-listen=127.0.0.1:0")...).start(context.Background(), testLog(f.T))
	if err != nil {
		f.Fatal(err)
	}
	f.close = append(f.close, func() {
		hangUp(app.url)
		if err := app.close(10 * time.Second); err != nil {
			f.Errorf("%s: %v", name, err)
		}
	})
	s := &testServer{app: app, data: data, keys: map[string]string{}}
	for _, role := range access.Roles {
		s.keys[role] = newKey(f.T, s.store, role)
	}
	f.ready = append(f.ready, func() { s.awaitModel(f.T) })
	return s, f.suffers(name, strings.TrimPrefix(s.adminURL, "http://"))
}

// suffers adds a fate. What it is comes later.
func (f *fleet) suffers(name, admin string) *fate {
	one := &fate{name: name, admin: admin, fired: map[string]bool{}, firing: map[string]bool{}}
	f.fates = append(f.fates, one)
	return one
}

// load has callers call, each at most once in a while, until it is stopped or the test
// ends.
func (f *fleet) load(callers int, pace time.Duration, call func(ctx context.Context, caller, number int)) (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	var calling sync.WaitGroup
	for caller := range callers {
		calling.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for number := 0; ctx.Err() == nil; number++ {
				call(ctx, caller, number)
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
	}
	stop = func() { cancel(); calling.Wait() }
	f.Cleanup(stop)
	return stop
}

// backend is a client that repeats nothing.
func backend(s *testServer) client.Client {
	if s.over != nil {
		return client.NewWithHTTP(s.over, s.url, s.keys["backend"], client.WithRetries(0))
	}
	return client.New(s.url, s.keys["backend"], client.WithRetries(0))
}

// assessNew asks for the score of a new payment.
func assessNew(ctx context.Context, service client.Client, id string, amount float64) error {
	_, err := service.AssessTransaction(ctx, &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
		TransactionId: id, AccountId: "card-" + id, Amount: amount, Currency: "EUR", Time: at(1_700_000_000)}})
	return err
}

// assesses is a load of such payments, which may fail.
func (f *fleet) assesses(s *testServer, callers int, pace time.Duration, amount func(number int) float64) (stop func()) {
	service := backend(s)
	return f.load(callers, pace, func(ctx context.Context, caller, number int) {
		_ = assessNew(ctx, service, fmt.Sprint("t-", caller, "-", number), amount(number))
	})
}

func always(amount float64) func(int) float64 { return func(int) float64 { return amount } }
