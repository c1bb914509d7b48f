package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// drillSizeWanted is the short one, which is part of `make test`, unless
// BRRR_DRILL=long asks for that whose table stands in docs/operations.md.
func drillSizeWanted() drillSize {
	if os.Getenv("BRRR_DRILL") == "long" {
		return drillSize{pace: 20 * time.Millisecond, patient: 20 * time.Second, calls: 100, quiet: 300, lasting: 5 * time.Second, rounds: 6, kills: 50, all: true}
	}
	return drillSize{pace: 60 * time.Millisecond, patient: 3 * time.Second, calls: 24, quiet: 40, rounds: 2, kills: 3}
}

// TestDrill breaks the processes of a real service, one fault after the other and
// together, while callers ask steadily by every protocol. Whatever breaks: each
// answer is the model's, each error has a reason meant for it, and all that was
// acknowledged is in the record to the bit.
func TestDrill(t *testing.T) {
	withoutRace(t)
	began := time.Now()
	size, hosts := drillSizeWanted(), startDrillHosts(t)
	truth := newDrillTruth(t) // while they start
	t.Logf("two models and %d payments after %.1f s", len(truth.rows), time.Since(began).Seconds())
	parts := []struct {
		name  string
		run   func(*testing.T, drillSetting)
		table *drillTable
	}{
		{"a fleet on Ray", drillFleet, &drillTable{}},
		{"two hosts", drillTwoHosts, &drillTable{}},
		{"the supervised model", drillSupervised, &drillTable{}},
		{"one host", drillOneHost, &drillTable{}},
		{"row by row", drillUnary, &drillTable{}},
		{"Postgres", drillPostgres, &drillTable{}},
		{"gateways rolled", drillRolled, &drillTable{}},
	}
	t.Cleanup(func() {
		report := drillHead
		for _, part := range parts {
			report += part.table.String()
		}
		t.Logf("after %.0f s:\n%s", time.Since(began).Seconds(), report)
	})
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			if !size.all {
				t.Parallel() // for the most part they wait: for Python and for deadlines
			}
			part.run(t, drillSetting{truth: truth, table: part.table, size: size, hosts: hosts})
		})
	}
}

// drillSetting is what a part of the drill finds.
type drillSetting struct {
	truth *drillTruth
	table *drillTable
	size  drillSize
	hosts *drillHosts

	patience time.Duration              // of callers; 0: 1 to 3 s
	options  []connect.ClientOption     // of callers; without any they repeat nothing
	door     func(urls []string) string // where callers ask; nil: at each of the servers
}

// drillHosts serve the default model: one behind saboteurs, never broken itself,
// and one to be broken. They are started while there is little else to do.
type drillHosts struct {
	behind, real   string // addresses
	honest, broken *process
	ray            *rayNode // on its way; nil if there is none
}

func startDrillHosts(t *testing.T) *drillHosts {
	h := &drillHosts{behind: "unix:" + shortTemp(t) + "/s", real: freeAddress(t)}
	models := filepath.Join(root, "predictor", "models")
	h.honest, h.broken = newPython(t, h.behind, models), newPython(t, h.real, models)
	h.honest.start()
	h.broken.start()
	if hasRay() {
		h.ray = launchRay(t, models)
	}
	return h
}

// startDrill serves with these flags under load, and returns once that is answered.
func startDrill(t *testing.T, s drillSetting, flags ...string) *drill {
	t.Helper()
	data := t.TempDir()
	return startDrillOn(t, s, openStoreIn(t, data), data, 1, flags...)
}

// startDrillOn is startDrill with a number of servers on one store, which it closes.
func startDrillOn(t *testing.T, s drillSetting, store fraud.Store, data string, servers int, flags ...string) *drill {
	t.Helper()
	temp := shortTemp(t)
	key, err := access.CreateKey(t.Context(), store, "drill", "admin", 0, "user:test")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	d := &drill{t: t, size: s.size, table: s.table, data: data, temp: temp, key: key}
	for range servers {
		address := freeAddress(t)
		d.urls, d.all = append(d.urls, "http://"+address), append(d.all, newServer(t, data, temp, address, flags...))
		d.all[len(d.all)-1].start()
	}
	for i, server := range d.all {
		awaitReadyz(t, server, d.urls[i])
	}
	d.server = d.all[0]
	d.audit = client.New(d.urls[0], key)
	doors := d.urls
	if s.door != nil {
		doors = []string{s.door(d.urls)}
	}
	d.load = startDrillLoad(t, s, doors, key, data, temp, key)
	t.Cleanup(d.load.stop)
	calm := d.load.stage.Load()
	d.await("a calm beginning", calm, func() bool { _, streak := calm.count(); return streak >= s.size.quiet })
	return d
}

// shortTemp is a folder for sockets, whose paths must be short.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "drill-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
