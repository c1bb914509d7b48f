package data

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

func TestAStoreIsMadeOnceAndAgainWhenTheSchemaChanges(t *testing.T) {
	repo, cache := t.TempDir(), t.TempDir()
	migrations := filepath.Join(repo, "server/store/sqlite/migrations")
	write := func(text string) {
		if err := os.MkdirAll(migrations, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(migrations, "1.sql"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	made := 0
	prepare := func() Pristine {
		p, err := Prepare(t.Context(), repo, cache, 2_500, func(string, ...any) { made++ })
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	write("one")
	prepare()
	prepare()
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}
	write("two")
	p := prepare()
	if made != 2 {
		t.Errorf("made %d times, want again for another schema", made)
	}
	checkCopy(t, p)
}

// checkCopy fails unless a copy holds the first and the last transaction, never
// assessed.
func checkCopy(t *testing.T, p Pristine) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := p.CopyTo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	found, err := store.LookUp(t.Context(), []string{"b00000000", "b00002499", "b00002500"}, "v1")
	if err != nil || found[0].Err != nil || found[1].Err != nil || found[1].Assessment != nil || found[2].Err == nil {
		t.Errorf("found %+v, %v", found, err)
	}
	if n := found[1].Transaction.Facts.NumberOfTransactions; n < 2 {
		t.Errorf("the last is its account's number %d", n)
	}
}
