package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
	"github.com/wassef911/grpcgoesbrrr/server/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) fraud.Store { return open(t, t.TempDir()) })
}

func open(t *testing.T, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s *sqlite.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// found counts those of the IDs that are recorded.
func found(t *testing.T, s *sqlite.Store, ids ...string) int {
	t.Helper()
	results, err := s.LookUp(t.Context(), ids, "v1")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range results {
		if r.Err == nil {
			n++
		}
	}
	return n
}

func idsOf(transactions []fraud.Transaction) []string {
	var ids []string
	for _, p := range transactions {
		ids = append(ids, p.ID)
	}
	return ids
}

func TestReopenKeepsEverything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "if #1? needed")
	for round := range 3 {
		s := open(t, dir)
		transactions := payments(0, 50*(round+1))
		if n := found(t, s, idsOf(transactions)...); n != 50*round {
			t.Errorf("round %d finds %d transactions", round, n)
		}
		record(t, s, transactions)
		closeStore(t, s)
	}
	if runtime.GOOS != "windows" {
		checkMode(t, dir, 0o700)
		checkMode(t, filepath.Join(dir, "brrr.db"), 0o600)
	}
}

func checkMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}

func TestTwoStoresSeeEachOther(t *testing.T) {
	dir := t.TempDir()
	stores := []*sqlite.Store{open(t, dir), open(t, dir)}
	transactions := payments(0, 40)
	for i := range transactions {
		transactions[i].AccountID = "shared"
		record(t, stores[i%2], transactions[i:i+1])
		results, err := stores[1-i%2].LookUp(t.Context(), []string{transactions[i].ID}, "v1")
		if err != nil {
			t.Fatal(err)
		}
		if number := results[0].Transaction.Facts.NumberOfTransactions; number != int32(i+1) {
			t.Errorf("transaction %d has number %d", i+1, number)
		}
	}
}

// Processes that start together on an empty directory all come up.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			s, err := sqlite.Open(t.Context(), dir)
			if err != nil {
				t.Errorf("store %d: %v", n, err)
				return
			}
			defer s.Close()
			if _, err := s.Record(t.Context(), payments(n*10, 10)); err != nil {
				t.Errorf("store %d: %v", n, err)
			}
		})
	}
	wait.Wait()
	if n := found(t, open(t, dir), idsOf(payments(0, 40))...); n != 40 {
		t.Errorf("%d of 40 are recorded", n)
	}
}

func TestOpenFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	other := t.TempDir()
	for _, path := range []string{file, filepath.Join(other, "brrr.db")} {
		if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, dir := range map[string]string{"a file is in the place of the directory": file, "the file is something else": other} {
		t.Run(name, func(t *testing.T) {
			if s, err := sqlite.Open(t.Context(), dir); err == nil {
				closeStore(t, s)
				t.Error("no error")
			}
		})
	}
}

// What a call recorded before Close returned is there; a call that came too
// late says so.
func TestCloseWaits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const callers, size = 6, 20
	failed := make([]error, callers)
	var wait sync.WaitGroup
	for n := range callers {
		wait.Go(func() { _, failed[n] = s.Record(t.Context(), payments(n*size, size)) })
	}
	closeStore(t, s)
	again := open(t, dir)
	wait.Wait()
	for n, err := range failed {
		want := size
		if err != nil {
			want = 0
		}
		if got := found(t, again, idsOf(payments(n*size, size))...); got != want {
			t.Errorf("call %d returned %v and recorded %d", n, err, got)
		}
	}
}

func TestErrorsSayWhatFailed(t *testing.T) {
	s := open(t, t.TempDir())
	closeStore(t, s)
	_, err := s.Record(t.Context(), payments(0, 1))
	if want := "sqlite: record transactions: the store is closed"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
