package predictor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// realLocal is Python with the default model.
var realLocal = predictor.LocalOptions{Python: python, Root: root, Models: filepath.Join(root, "predictor", "models")}

func startLocal(t *testing.T, opts predictor.LocalOptions) (*predictor.Local, *logbook) {
	t.Helper()
	book := newLogbook()
	opts.Log = book.log()
	local, err := predictor.StartLocal(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(local.Close)
	return local, book
}

var pidPattern = regexp.MustCompile(`pid=(\d+)`)

// pidIn reads the process's number in its log line.
func pidIn(t *testing.T, line string) int {
	t.Helper()
	found := pidPattern.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("no pid in %q", line)
	}
	pid, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestTheLocalModelServesAgainAfterItsProcessWasKilled(t *testing.T) {
	t.Parallel()
	local, book := startLocal(t, realLocal)
	pool, poolBook := open(t, predictor.Options{Addresses: []string{local.Address()}})
	first := pidIn(t, book.await(t, "predictor process started"))
	poolBook.await(t, "predictor ready")
	rows := varied(300)
	before, err := pool.Predict(patient(t), rows)
	if err != nil {
		t.Fatal(err)
	}
	if why, err := pool.Explain(patient(t), rows[:1]); err != nil || why.Rows[0].Err != nil || len(why.Rows[0].Reasons) == 0 {
		t.Errorf("Explain: %+v, %v", why, err)
	}

	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	book.await(t, "predictor process ended, starting it again", "killed")
	patience, tick := patient(t), time.Tick(10*time.Millisecond)
	after, err := pool.Predict(patience, rows)
	for ; err != nil; after, err = pool.Predict(patience, rows) {
		checkUnavailable(t, err, filepath.Dir(local.Address()))
		select {
		case <-tick:
		case <-patience.Done():
			t.Fatal("no new process serves")
		}
	}
	if second := pidIn(t, book.await(t, "predictor process started")); second == first {
		t.Errorf("process %d is said to have been started twice", first)
	}
	if after.ModelVersion != before.ModelVersion {
		t.Errorf("%s, then %s", before.ModelVersion, after.ModelVersion)
	}
	for i := range rows {
		if p := after.Rows[i]; p != before.Rows[i] || p.Err != nil || p.Label != (p.Probability >= after.Threshold) {
			t.Errorf("row %d: %+v, then %+v", i, before.Rows[i], p)
		}
	}
}

func TestCloseLeavesNoProcessAndNoSocket(t *testing.T) {
	t.Parallel()
	for name, moment := range map[string]string{
		"while it starts":   "predictor process started",
		"once it listens":   `"event": "listening"`,
		"before it started": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local, book := startLocal(t, realLocal)
			pid := 0
			if moment != "" {
				pid = pidIn(t, book.await(t, "predictor process started"))
			}
			if strings.Contains(moment, "listening") {
				book.await(t, moment)
			}
			local.Close()
			local.Close() // a second time does nothing
			if pid != 0 {
				if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
					t.Errorf("process %d: %v, want none", pid, err)
				}
			}
			folder := filepath.Dir(strings.TrimPrefix(local.Address(), "unix:"))
			if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v, want it gone", folder, err)
			}
		})
	}
}

func TestPathsMayBeRelativeToTheWorkingFolder(t *testing.T) {
	t.Parallel()
	_, book := startLocal(t, predictor.LocalOptions{
		Python: "../../predictor/.venv/bin/python", Root: "../..", Models: "../../predictor/models"})
	book.await(t, `"event": "listening"`)
}

func TestAProcessThatEndsHasItsLastWordsLoggedAndIsStartedAgainEverLater(t *testing.T) {
	t.Parallel()
	echo := realLocal
	echo.Python = "/bin/echo" // says its arguments and ends
	local, book := startLocal(t, echo)
	for _, wait := range []string{"wait=100ms", "wait=200ms", "wait=400ms"} {
		book.await(t, "predictor process said=-m predictor serve --listen "+local.Address())
		book.await(t, "predictor process ended", "it exited by itself", wait)
	}
}

// A process that says very much on one line keeps its voice, and takes no memory.
func TestALineWithoutEndIsCutAndTheNextOnesAreLogged(t *testing.T) {
	t.Parallel()
	shell := realLocal
	shell.Python, shell.Root = "/bin/sh", t.TempDir() // sh -m predictor: runs that file there
	script := "head -c 3000000 /dev/zero | tr '\\0' x\necho\necho after; read line\n"
	if err := os.WriteFile(filepath.Join(shell.Root, "predictor"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	_, book := startLocal(t, shell)
	if line := book.await(t, "said=xxx"); len(line) > 100<<10 {
		t.Errorf("a line of %d bytes in the log", len(line))
	}
	book.await(t, "said=after")
}

func TestAMissingPathIsNamed(t *testing.T) {
	for field, miss := range map[string]func(*predictor.LocalOptions){
		"Python": func(o *predictor.LocalOptions) { o.Python = "/nowhere/python" },
		"Root":   func(o *predictor.LocalOptions) { o.Root = "/nowhere" },
		"Models": func(o *predictor.LocalOptions) { o.Models = "" },
	} {
		t.Run(field, func(t *testing.T) {
			opts := realLocal
			miss(&opts)
			local, err := predictor.StartLocal(opts)
			if err == nil {
				local.Close()
				t.Fatal("started")
			}
			if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "predictor: "+field+": ") {
				t.Errorf("%v, want one that names %s", err, field)
			}
		})
	}
}
