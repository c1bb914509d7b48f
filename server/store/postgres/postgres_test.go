package postgres_test

import (
	"os"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
	"github.com/wassef911/grpcgoesbrrr/server/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestStore(t *testing.T) {
	t.Parallel()
	pgtest.Database(t) // rather than skipping each of the suite
	storetest.Run(t, func(t *testing.T) fraud.Store { return open(t, migrated(t)) })
}

// migrated is the URL of a new database with the schema.
func migrated(t testing.TB) string {
	t.Helper()
	url := pgtest.Database(t)
	if _, _, err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	return url
}

func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}
