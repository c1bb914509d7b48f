package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// A backup that is made while others write has whole calls, and all that were
// acknowledged before it began.
func TestABackupBesideWritersHasWholeCalls(t *testing.T) {
	t.Parallel()
	dir, size := t.TempDir(), 40
	s := open(t, dir)
	written, stop := make(chan int), make(chan struct{})
	go func() {
		defer close(written)
		for call := 0; ; call++ {
			if _, err := s.Record(context.Background(), payments(call*size, size)); err != nil {
				t.Error(err)
				return
			}
			select {
			case written <- call + 1:
			case <-stop:
				return
			}
		}
	}()
	for range 4 {
		before := 0
		for range 5 {
			before = <-written
		}
		to := filepath.Join(t.TempDir(), "copy")
		held, err := sqlite.Backup(t.Context(), dir, to, false)
		if err != nil {
			t.Fatal(err)
		}
		if n := int(held.Transactions); n < before*size || n%size != 0 {
			t.Errorf("the backup has %d transactions, %d were acknowledged before", n, before*size)
		}
		wantWell(t, to)
		wantOneFile(t, to)
	}
	close(stop)
	for range written { // until it has ended
	}
}

// wantOneFile fails unless a backup is all that is in its folder, for its owner
// alone.
func wantOneFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || len(entries) != 1 || info.Mode() != 0o600 {
		t.Errorf("%v in the folder, mode %v, error %v", entries, info.Mode(), err)
	}
}

func TestWhatIsBackedUpIsRestored(t *testing.T) {
	t.Parallel()
	dir := fullStore(t)
	s := open(t, dir)
	want, _ := answersOf(t, s)
	to := filepath.Join(t.TempDir(), "copy")
	held, err := sqlite.Backup(t.Context(), dir, to, false)
	if err != nil || held.Transactions != damagedRows || held.Assessments != damagedRows || held.Outcomes != damagedRows/2 || held.Keys != 1 {
		t.Fatalf("%+v, error %v", held, err)
	}
	t.Run("into a new folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		if done, err := sqlite.Restore(t.Context(), to, dir, false); err != nil || done.Aside != "" || done.Contents != held {
			t.Errorf("%+v, error %v", done, err)
		}
		wantAnswers(t, dir, want)
	})
	t.Run("over another store", func(t *testing.T) { testRestoreOver(t, to, want) })
}

// testRestoreOver replaces a store that has something in its log.
func testRestoreOver(t *testing.T, backup string, want map[string]string) {
	dir := t.TempDir()
	before := open(t, dir)
	record(t, before, payments(9000, 7))
	if _, err := sqlite.Restore(t.Context(), backup, dir, false); err == nil || !strings.Contains(err.Error(), "holds a store already") {
		t.Errorf("without being told to: %v", err)
	}
	if _, err := sqlite.Restore(t.Context(), backup, dir, true); err == nil || !strings.Contains(err.Error(), "another process has the store open") {
		t.Errorf("while it is open: %v", err)
	}
	if n := found(t, before, idsOf(payments(9000, 7))...); n != 7 {
		t.Errorf("%d of 7 rows are there still", n)
	}
	closeStore(t, before)
	done, err := sqlite.Restore(t.Context(), backup, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, dir, want)
	aside := t.TempDir()
	write(t, sqlite.StoreFile(aside), read(t, done.Aside))
	if n := found(t, open(t, aside), idsOf(payments(9000, 7))...); n != 7 {
		t.Errorf("%d of 7 rows are in what was kept aside", n)
	}
}

// wantAnswers fails unless the store in dir answers as another did.
func wantAnswers(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	s := open(t, dir)
	got, failed := answersOf(t, s)
	for what, answer := range want {
		if got[what] != answer || failed[what] != nil {
			t.Errorf("%s is another: %v", what, failed[what])
		}
	}
	record(t, s, payments(8000, 5))
	wantWell(t, sqlite.StoreFile(dir))
}

// A log that a store left behind is not taken for that of the new one, and what
// was there is kept.
func TestALogThatIsLeftIsNotTakenForThatOfTheRestoredStore(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	record(t, open(t, from), payments(0, 10))
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := sqlite.Backup(t.Context(), from, to, false); err != nil {
		t.Fatal(err)
	}
	crashed := t.TempDir()
	s := open(t, crashed)
	record(t, s, payments(500, 300))
	log := read(t, filepath.Join(crashed, "brrr.db-wal"))
	for name, database := range map[string][]byte{"of a damaged store": bytes.Repeat([]byte{0xa5}, 8192), "of a store that is gone": nil} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "brrr.db-wal"), log)
			if database != nil {
				write(t, sqlite.StoreFile(dir), database)
			}
			if _, err := sqlite.Restore(t.Context(), to, dir, true); err != nil {
				t.Fatal(err)
			}
			s := open(t, dir)
			if n, strange := found(t, s, idsOf(payments(0, 10))...), found(t, s, idsOf(payments(500, 300))...); n != 10 || strange != 0 {
				t.Errorf("%d of 10 rows are there, and %d of the log", n, strange)
			}
			kept, err := filepath.Glob(filepath.Join(dir, "brrr.db.before-restore-*"))
			if err != nil || len(kept) != 1 {
				t.Errorf("kept aside: %v, error %v", kept, err)
			}
		})
	}
}

func TestWhatIsNoSoundBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	dir := fullStore(t)
	path := sqlite.StoreFile(dir)
	folder := t.TempDir()
	spoilt := func(name string, change func(path string)) string {
		copied := filepath.Join(folder, name)
		write(t, copied, read(t, path))
		change(copied)
		return copied
	}
	for _, test := range []struct{ name, file, want string }{
		{"a text", spoilt("text", func(path string) { write(t, path, []byte("transaction_id,amount")) }), "not a database"},
		{"nothing", spoilt("nothing", func(path string) { write(t, path, nil) }), "no such table"},
		{"a damaged index", spoilt("index", func(path string) { damagePage(t, path, rootOf(t, path, "outcomes_once"), 0xa5) }), "damaged"},
		{"a part", spoilt("part", func(path string) { write(t, path, read(t, path)[:200_000]) }), "damaged"},
		{"one of a newer version", spoilt("newer", func(path string) {
			change(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
		}), "use a newer brrr"},
		{"one with a log beside it", spoilt("logged", func(path string) { write(t, path+"-wal", []byte("log")) }), "a log is beside"},
		{"none", filepath.Join(folder, "none"), "no such file"},
	} {
		dir := t.TempDir()
		if _, err := sqlite.Restore(t.Context(), test.file, dir, false); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: leaves %v, error %v", test.name, left, err)
		}
	}
}

// change runs a statement on a file behind the store's back.
func change(t *testing.T, path, statement string) {
	t.Helper()
	c, err := engine.OpenConn(path, engine.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlitex.ExecuteScript(c, statement, nil); err != nil {
		t.Fatal(err)
	}
}

func TestABackupIsMadeWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := fullStore(t)
	folder := t.TempDir()
	taken := filepath.Join(folder, "taken")
	write(t, taken, []byte("mine"))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name, dir, to, want string
		ctx                 context.Context
	}{
		{"over a file", dir, taken, "file already exists", t.Context()},
		{"over the store itself", dir, sqlite.StoreFile(dir), "is the store itself", t.Context()},
		{"into no folder", dir, filepath.Join(folder, "none", "copy"), "no such file", t.Context()},
		{"over a folder", dir, folder, "not a file", t.Context()},
		{"of no store", t.TempDir(), filepath.Join(folder, "copy"), "no such file", t.Context()},
		{"by who has gone", dir, filepath.Join(folder, "copy"), "canceled", cancelled},
	} {
		if _, err := sqlite.Backup(test.ctx, test.dir, test.to, false); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if string(read(t, taken)) != "mine" {
		t.Error("the file that was there is another")
	}
	wantOneFile(t, taken)
	if _, err := sqlite.Backup(t.Context(), dir, taken, true); err != nil {
		t.Errorf("told to replace it: %v", err)
	}
	wantWell(t, taken)
	if err := os.Remove(sqlite.StoreFile(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Backup(t.Context(), dir, taken, true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a store that is gone: %v", err)
	}
}
