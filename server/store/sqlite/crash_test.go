package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
)

// A crash leaves the file beside the database cut off anywhere. Whatever it has
// of a call, all or nothing of the call is there again.
func TestCrashLeavesWholeCalls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	const calls, size, cuts = 4, 20, 9
	for call := range calls {
		record(t, s, payments(call*size, size))
	}
	database := read(t, filepath.Join(dir, "brrr.db"))
	log := read(t, filepath.Join(dir, "brrr.db-wal"))
	last := 0
	for cut := range cuts + 1 {
		crashed := t.TempDir()
		write(t, filepath.Join(crashed, "brrr.db"), database)
		write(t, filepath.Join(crashed, "brrr.db-wal"), log[:len(log)*cut/cuts])
		s := open(t, crashed)
		whole := 0
		for call := range calls {
			switch n := found(t, s, idsOf(payments(call*size, size))...); n {
			case size:
				whole = call + 1
			case 0:
			default:
				t.Errorf("cut %d: %d rows of call %d", cut, n, call)
			}
		}
		if n := found(t, s, idsOf(payments(0, whole*size))...); n != whole*size || whole < last {
			t.Errorf("cut %d: %d calls and %d rows, after %d calls", cut, whole, n, last)
		}
		last = whole
		closeStore(t, s)
	}
	if last != calls {
		t.Errorf("the whole file has %d of %d calls", last, calls)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
