package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// smallDisk mounts a disk of so many bytes for the time of the test.
func smallDisk(t *testing.T, bytes int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("brrr-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("NOT TESTED: a full or read-only disk, as none can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fillDisk leaves so many bytes of the disk free, and returns what to remove.
func fillDisk(t *testing.T, dir string, free int) (ballast string) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	ballast = filepath.Join(dir, "ballast")
	write(t, ballast, make([]byte, max(0, int(disk.Bavail)*int(disk.Bsize)-free)))
	return ballast
}

// wantUnavailable fails unless a call failed as callers are to be told.
func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if fraud.ReasonOf(err) != fraud.ReasonStoreUnavailable {
		t.Errorf("%s: got %v, want STORE_UNAVAILABLE", what, err)
	}
}

// fillUp records calls until one fails, and returns how many did not.
func fillUp(t *testing.T, s *sqlite.Store, size int) (calls int) {
	t.Helper()
	for ; calls < 10_000; calls++ {
		if _, err := s.Record(t.Context(), payments(calls*size, size)); err != nil {
			wantUnavailable(t, "the call that does not fit", err)
			if !strings.Contains(fmt.Sprint(err), "full") {
				t.Errorf("%v does not tell of a full disk", err)
			}
			return calls
		}
	}
	t.Fatal("the disk does not get full")
	return 0
}

func TestAFullDiskRefusesCallsWholeAndIsUsedAgainOnceThereIsSpace(t *testing.T) {
	t.Parallel()
	const size = 200
	for name, free := range map[string]int{
		"in the first pages of the log":       300 << 10,
		"before the log was ever folded back": 2 << 20,
		"after it was":                        7 << 20,
	} {
		if raceDetector && free > 1<<20 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := smallDisk(t, 12<<20)
			s := open(t, dir)
			ballast := fillDisk(t, dir, free)
			whole := fillUp(t, s, size)
			if n := found(t, s, idsOf(payments(0, whole*size))...); n != whole*size {
				t.Errorf("%d of %d acknowledged rows are there", n, whole*size)
			}
			if n := found(t, s, idsOf(payments(whole*size, size))...); n != 0 {
				t.Errorf("%d rows of the refused call are there", n)
			}
			_, err := s.Record(t.Context(), payments(whole*size, 1000))
			wantUnavailable(t, "one more", err)
			if s.Check(t.Context()) == nil { // what fits must be kept
				if _, err := s.Record(t.Context(), payments(whole*size, 1000)); err == nil {
					t.Error("a large call fits and did not before")
				}
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("with space again: %v", err)
			}
			record(t, s, payments(whole*size, size))
			closeStore(t, s)
			s = open(t, dir)
			if n := found(t, s, idsOf(payments(0, (whole+1)*size))...); n != (whole+1)*size {
				t.Errorf("%d of %d rows are there in the end", n, (whole+1)*size)
			}
			closeStore(t, s)
			wantWell(t, sqlite.StoreFile(dir))
		})
	}
}

// A disk that is full to the last page takes nothing at all, and reading goes on.
func TestAFullDiskIsToldOfAndReadsGoOn(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 4<<20)
	s := open(t, dir)
	record(t, s, payments(0, 10))
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("a store that nothing failed: %v", err)
	}
	ballast := fillDisk(t, dir, 0)
	for next := 10; ; next++ { // until the log has no page left either
		if _, err := s.Record(t.Context(), payments(next, 1)); err != nil {
			wantUnavailable(t, "a call", err)
			break
		}
	}
	err := s.Check(t.Context())
	var known *fraud.Error
	if !errors.As(err, &known) || known.Reason != fraud.ReasonStoreUnavailable || known.Message != "the record cannot be written: the disk is full" {
		t.Errorf("check: %v", err)
	}
	if n := found(t, s, idsOf(payments(0, 10))...); n != 10 {
		t.Errorf("%d of 10 rows are found", n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

func TestADiskThatIsFullOrReadOnlyAtTheStartIsNamed(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, dir, want string) {
		t.Helper()
		s, err := sqlite.Open(context.Background(), dir)
		if err == nil {
			closeStore(t, s)
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("got %v, want %q and the folder", err, want)
		}
	}
	t.Run("full", func(t *testing.T) {
		dir := smallDisk(t, 1<<20)
		ballast := fillDisk(t, dir, 0)
		refused(t, dir, "the disk is full: free space on it")
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		record(t, open(t, dir), payments(0, 3))
	})
	t.Run("read-only", func(t *testing.T) {
		dir := smallDisk(t, 4<<20)
		s := open(t, dir)
		record(t, s, payments(0, 3))
		closeStore(t, s)
		remount := func(flags uintptr) {
			if err := syscall.Mount("brrr-test", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
				t.Fatal(err)
			}
		}
		remount(syscall.MS_RDONLY)
		refused(t, dir, "read-only file system")
		remount(0)
		if n := found(t, open(t, dir), idsOf(payments(0, 3))...); n != 3 {
			t.Errorf("%d of 3 rows are there", n)
		}
	})
}
