package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

// withoutStore is what callers may see while the database is away.
var withoutStore = append([]string{"STORE_UNAVAILABLE"}, ordinary...)

// fleetDrill is two gateways with two models' hosts on one Postgres.
type fleetDrill struct {
	*drill
	primary *pgtest.Server
	network *pgtest.Proxy // between the gateways and Postgres
}

// open is the store, by way of the network.
func (d *fleetDrill) open(t *testing.T) (url string, store fraud.Store) {
	t.Helper()
	d.network = pgtest.NewProxy(t, d.primary.Address())
	url = d.network.Through(d.primary.URL("postgres"))
	if _, _, err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return url, store
}

// drillPostgres breaks what is between gateways and their store, the store itself, and
// one of the gateways; and has a standby take over at the same address. Whatever is
// shown to watchers stays in the record, once.
func drillPostgres(t *testing.T, s drillSetting) {
	d := fleetDrill{primary: pgtest.Start(t)}
	url, store := d.open(t)
	another := "unix:" + shortTemp(t) + "/s"
	newPython(t, another, filepath.Join(root, "predictor", "models")).start()
	d.drill = startDrillOn(t, s, store, t.TempDir(), 2, "--store="+url, "--predictor="+s.hosts.behind+","+another)
	watching := startDrillWatch(t, d.urls, d.key)

	d.run(fault{name: "connections to Postgres cut", allowed: withoutStore, begin: d.network.Cut, end: d.network.Cut})
	d.run(fault{name: "Postgres killed", allowed: withoutStore, begin: d.primary.Kill, end: d.primary.StartAgain})
	d.run(fault{name: "Postgres out of reach, nobody is told", allowed: withoutStore, begin: d.network.Hang, end: d.network.Mend})
	if s.size.all {
		d.run(fault{name: "Postgres stopped", allowed: withoutStore, begin: d.primary.Stop, end: d.primary.StartAgain})
		d.run(fault{name: "Postgres refuses connections", allowed: withoutStore, begin: func() { d.network.Refuse(); d.network.Cut() }, end: d.network.Mend})
	}
	d.run(d.gatewayAway("killed", d.all[1].kill))
	if s.size.all {
		d.run(d.gatewayAway("stopped", d.all[1].stop))
	}
	d.run(d.failover())
	d.end()
	watching.check(t, d.drill)
}

// gatewayAway has one of the gateways end. No balancer hides it: callers ask it still.
func (d fleetDrill) gatewayAway(how string, end func()) fault {
	return fault{name: "one of two gateways " + how, allowed: slices.Concat(withoutDoor, withoutStore, []string{"SHUTTING_DOWN"}), begin: end, end: d.all[1].start}
}

// failover has Postgres' machine end without a word, and a standby that had acknowledged
// all that callers were told take over where it was.
func (d fleetDrill) failover() fault {
	standby := d.primary.Replica(d.t)
	return fault{name: "Postgres lost, its standby takes over", allowed: withoutStore,
		begin: func() { d.network.Lose(); d.primary.Kill() },
		end:   func() { standby.Promote(); d.network.SwitchTo(standby.Address()) }}
}
