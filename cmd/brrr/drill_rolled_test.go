package main

import (
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
)

// drillRolled stops one gateway after the other and starts it anew, twice around, as
// an upgrade does. Callers behind a balancer, who repeat what clients repeat by
// themselves, see no error but what two gateways' load may be for one, and a watcher
// sees everything once. Clients do not repeat ReportOutcome: it must not meet a
// connection that is just being closed.
func drillRolled(t *testing.T, s drillSetting) {
	f := startFleet(t, s, "--predictor="+s.hosts.behind, "--drain-delay=1s")
	for round := range 2 {
		for i := range f.all {
			f.run(f.rolled(round, i))
		}
	}
	f.end()
}

// rolled asks a gateway to end, waits until it has, and starts it again.
func (f *wholeFleet) rolled(round, i int) fault {
	gateway := f.all[i]
	return fault{name: fmt.Sprintf("gateway %d rolled, round %d", i+1, round+1), allowed: []string{"QUEUE_FULL"},
		begin: func() {
			asked := time.Now()
			gateway.stop()
			f.t.Logf("it drained in %.2f s", time.Since(asked).Seconds())
			if code := gateway.cmd.ProcessState.ExitCode(); code != exitDone {
				f.t.Errorf("a gateway that was asked to end exits with %d:\n%s", code, gateway.words())
			}
		},
		end: func() { f.startAgain(i) }}
}

// wholeFleet is two gateways on one Postgres behind one door. Its callers repeat what
// clients repeat by themselves; its watcher is led to some gateway by the door, too.
type wholeFleet struct {
	fleetDrill
	door     *door
	tries    *tries
	watching *drillWatch
	seen     fleetTable
}

// startFleet has both gateways serve with these flags.
func startFleet(t *testing.T, s drillSetting, flags ...string) *wholeFleet {
	f := &wholeFleet{tries: newTries(), fleetDrill: fleetDrill{primary: pgtest.Start(t)}}
	url, store := f.open(t)
	s.patience, s.size.patient = 10*time.Second, 10*time.Second // a client's own
	s.options = []connect.ClientOption{client.WithRetries(3), f.tries.option()}
	s.door = func(urls []string) string {
		var addresses []string
		for _, url := range urls {
			addresses = append(addresses, pgtest.AddressOf(t, url))
		}
		f.door = openDoor(t, addresses...)
		await(t, "a door that is open", func() bool { return f.door.ready() == len(urls) })
		return f.door.url
	}
	f.drill = startDrillOn(t, s, store, t.TempDir(), 2, append(flags, "--store="+url)...)
	f.watching = startDrillWatch(t, []string{f.door.url}, f.key)
	return f
}

// startAgain starts a gateway, and returns once callers are led to both.
func (f *wholeFleet) startAgain(i int) {
	f.t.Helper()
	f.all[i].start()
	awaitReadyz(f.t, f.all[i], f.urls[i])
	f.ready()
}

// ready waits until callers are led to both gateways.
func (f *wholeFleet) ready() {
	f.t.Helper()
	await(f.t, "gateways that are ready", func() bool { return f.door.ready() == len(f.all) })
}

// run is the drill's, and keeps besides what clients tried.
func (f *wholeFleet) run(what fault) {
	f.t.Helper()
	f.tries.take(time.Time{})
	f.load.pulse.take()
	began := time.Now()
	row := fleetRow{drillRow: f.stage(what)}
	row.tried, row.trouble = f.tries.take(began)
	row.silence = f.load.pulse.take()
	f.seen = append(f.seen, row)
}

// end holds what was acknowledged, shown and counted to the record.
func (f *wholeFleet) end() {
	f.t.Helper()
	f.drill.end()
	f.watching.check(f.t, f.drill)
	f.t.Logf("what callers saw:\n%s", f.seen)
}
