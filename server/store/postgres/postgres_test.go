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

// What holds of one gateway's store holds of two that share a database, whichever
// is called.
func TestStore(t *testing.T) {
	t.Parallel()
	template := migrated(t)
	storetest.Run(t, func(t *testing.T) fraud.Store { return openFleet(t, pgtest.Copy(t, template), 2) })
}

// migrated is the URL of a new database with the schema.
func migrated(t testing.TB) string {
	t.Helper()
	of := pgtest.Database(t)
	if _, _, err := postgres.Migrate(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	return of
}

func open(t testing.TB, of string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), of)
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
