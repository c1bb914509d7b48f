package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
)

// twoHosts are a service with a saboteur and a real host.
type twoHosts struct {
	*drill
	saboteur *saboteur
	real     *process
	address  string // of the real one
}

// drillTwoHosts breaks one of two hosts, which hardly any caller should notice;
// then several things at once; then the server.
func drillTwoHosts(t *testing.T, s drillSetting) {
	s.hosts.broken.t = t // which breaks it
	d := twoHosts{saboteur: startSaboteur(t, s.hosts.behind), real: s.hosts.broken, address: s.hosts.real}
	d.drill = startDrill(t, s, "--predictor="+d.saboteur.url+",http://"+d.address)
	d.run(d.frozen())
	d.run(d.replaced(s.truth.four))
	if s.size.all {
		d.run(d.killed())
		d.run(d.replaced(s.truth.nine))
		d.run(fault{name: "one of two hosts restarted", begin: d.real.stop, end: d.real.startListening})
	}
	for _, what := range []string{"garbage, well if probed", "label against its score", "too few rows", "errors with traces", "connections dropped", "never answers"} {
		f := sabotage(d.saboteur, "one of two hosts: ", what)
		f.calls = 10
		d.run(f)
	}
	d.together()
	kills := drillRow{name: "server killed"}
	for range s.size.kills {
		kills.join(d.stage(d.serverKilled()))
	}
	d.table.add(kills)
	d.end()
}

func (d twoHosts) killed() fault {
	return fault{name: "one of two hosts killed", calls: 10, begin: d.real.kill, end: d.real.startListening}
}

func (d twoHosts) frozen() fault {
	return fault{name: "one of two hosts frozen", calls: 10,
		begin: func() { d.real.signal(syscall.SIGSTOP) }, end: func() { d.real.signal(syscall.SIGCONT) }}
}

// replaced has the real host end, and another model serve at its address.
func (d twoHosts) replaced(model string) fault {
	return fault{name: "one of two hosts replaced by another model", begin: func() {
		d.real.stop()
		d.real.serve(d.address, model)
	}, end: d.real.startListening}
}

// serverKilled ends the server in the middle of its work and starts it on the
// same folder.
func (d *drill) serverKilled() fault {
	return fault{name: "server killed", brief: true, allowed: withoutDoor, begin: d.server.kill, end: d.server.start}
}

// serverRestarted is the same while other things are broken, and stay so.
func (d *drill) serverRestarted() fault {
	return fault{name: "server killed", begin: func() { d.server.kill(); d.server.start() }, end: func() {}}
}

// together breaks two or three things at once, drawn at random, a number of times.
func (d twoHosts) together() {
	rng := rand.New(rand.NewPCG(3, 3))
	names := []string{"garbage bytes", "nonsense", "too many rows", "connections dropped", "slow", "never answers"}
	sum := drillRow{name: "together"}
	for round := range d.size.rounds {
		some := []fault{sabotage(d.saboteur, "", names[rng.IntN(len(names))]), d.frozen()}
		if d.size.all && rng.IntN(2) == 0 {
			some[1] = d.killed()
		}
		if round%2 == 0 {
			some = append(some, d.serverRestarted())
		}
		rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		sum.join(d.stage(atOnce(some)))
	}
	d.table.add(sum)
}

// atOnce breaks all of them, and mends them the other way round.
func atOnce(some []fault) fault {
	all := fault{name: "together:", allowed: withoutDoor}
	for _, f := range some {
		all.name += fmt.Sprintf(" %q", f.name)
	}
	all.begin = func() {
		for _, f := range some {
			f.begin()
		}
	}
	all.end = func() {
		for _, f := range slices.Backward(some) {
			f.end()
		}
	}
	return all
}
