package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// drillFleet kills each part of a fleet under load: two gateways behind a balancer, two
// replicas on Ray Serve, Ray's own proxy, Postgres and the connections to it.
func drillFleet(t *testing.T, s drillSetting) {
	n := s.hosts.ray
	if n == nil {
		missingRay(t)
	}
	defer n.close()
	n.hear(t)
	f := startFleet(t, s, "--predictor=http://"+n.Address, "--predictor-application=fraud", "--predictor-batches=2")
	n.heal(t)
	checkConsoles(t, f.urls)
	away := slices.Concat(withoutDoor, withoutStore, []string{"SHUTTING_DOWN"})
	f.run(fault{name: "a gateway killed", allowed: away, begin: f.all[1].kill, end: func() { f.startAgain(1) }})
	f.run(fault{name: "a replica on Ray killed", allowed: away, begin: func() { n.end(t, n.Replicas[0]) }, end: func() { n.heal(t) }})
	f.run(fault{name: "Ray's proxy killed", allowed: away, begin: func() { n.end(t, n.Proxies[0]) }, end: func() { n.heal(t); f.ready() }})
	f.run(fault{name: "Postgres killed", allowed: away, begin: f.primary.Kill, end: func() { f.primary.StartAgain(); f.ready() }})
	f.run(fault{name: "connections to Postgres cut", allowed: away, begin: f.network.Cut, end: f.network.Cut})
	f.end()
}

// checkConsoles loads the console from each gateway.
func checkConsoles(t *testing.T, urls []string) {
	t.Helper()
	for _, url := range urls {
		res, err := http1.Get(url + "/")
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(page), "<script") {
			t.Errorf("the console at %s: %v, %v\n%s", url, res.Status, err, page)
		}
	}
}

// end has a process of Ray's end as by a crash.
func (n *rayNode) end(t *testing.T, pid int) {
	t.Helper()
	n.ended = pid
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// heal waits until Ray has started another for the process that ended.
func (n *rayNode) heal(t *testing.T) {
	t.Helper()
	await(t, "a Ray that is whole", func() bool {
		n.ask(t, map[string]any{})
		return len(n.Replicas) == 2 && len(n.Proxies) == 1 && !slices.Contains(append(n.Replicas, n.Proxies...), n.ended)
	})
}
