package main

import (
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

// migrated is a new store in Postgres, by its URL.
func migrated(t *testing.T) string {
	t.Helper()
	url := pgtest.Database(t)
	if _, _, err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	return url
}

// gateways are two gateways on one store in Postgres.
type gateways struct {
	*testServer // the first
	second      *testServer
	store       string // its URL
}

// startGateways starts two gateways with these flags.
func startGateways(t *testing.T, flags ...string) gateways {
	t.Helper()
	f := gateways{store: migrated(t)}
	keys := map[string]string{}
	for _, gateway := range []**testServer{&f.testServer, &f.second} {
		data := t.TempDir()
		*gateway = &testServer{app: startOn(t, data, append(flags, "--store="+f.store)...), data: data, keys: keys}
	}
	for _, role := range access.Roles {
		keys[role] = newKey(t, f.app.store, role)
	}
	return f
}

// awaitModels waits until both gateways have had a score.
func (f gateways) awaitModels(t *testing.T) {
	t.Helper()
	f.awaitModel(t)
	f.second.awaitModel(t)
}

// each are the gateways.
func (f gateways) each() []*testServer { return []*testServer{f.testServer, f.second} }
