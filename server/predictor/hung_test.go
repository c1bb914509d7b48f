package predictor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// A process that is stopped is alive, takes connections and answers nothing.
func TestAProcessThatHangsIsStartedAnew(t *testing.T) {
	t.Parallel()
	local, book := startLocal(t, realLocal)
	pool, poolBook := open(t, predictor.Options{Addresses: []string{local.Address()}, WatchEvery: 10 * time.Millisecond,
		Hung: func(string) { local.Restart() }, HungAfter: time.Millisecond})
	first := pidIn(t, book.await(t, "predictor process started"))
	poolBook.await(t, "predictor ready")
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	poolBook.await(t, "predictor hangs", local.Address())
	if second := pidIn(t, book.await(t, "predictor process started")); second == first {
		t.Errorf("process %d is said to have been started twice", first)
	}
	poolBook.await(t, "predictor ready")
	if got, err := pool.Predict(patient(t), varied(3)); err != nil || got.Rows[0].Err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAStoppedProcessAnswersOnceItGoesOn(t *testing.T) {
	t.Parallel()
	local, book := startLocal(t, realLocal)
	pool, poolBook := open(t, predictor.Options{Addresses: []string{local.Address()}, WatchEvery: 10 * time.Millisecond})
	pid := pidIn(t, book.await(t, "predictor process started"))
	poolBook.await(t, "predictor ready")
	rows := varied(3)
	before, err := pool.Predict(patient(t), rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	poolBook.await(t, "predictor not ready")
	answered := make(chan error, 1)
	go func() { // it may be slow, and is the only one: callers wait as long as they like
		got, err := pool.Predict(patient(t), rows)
		if err == nil && got.Rows[2] != before.Rows[2] {
			err = errors.New("another score than before")
		}
		answered <- err
	}()
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	poolBook.await(t, "predictor ready")
}

func TestTheSocketsFolderIsClearedOfWhatWasLeftThere(t *testing.T) {
	dir, err := os.MkdirTemp("", "b")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	left := filepath.Join(dir, ".predictor", "predictor.sock")
	if err := os.MkdirAll(filepath.Dir(left), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, nil, 0o600); err != nil { // of one that was killed
		t.Fatal(err)
	}
	opts := realLocal
	opts.Dir = dir
	local, book := startLocal(t, opts)
	if local.Address() != "unix:"+left {
		t.Errorf("it listens on %s, want %s", local.Address(), left)
	}
	book.await(t, `"event": "listening"`)
	if info, err := os.Stat(filepath.Dir(left)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v, want a folder for its owner alone", info.Mode(), err)
	}
	local.Close()
	if _, err := os.Stat(filepath.Dir(left)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}

	opts.Dir = filepath.Join(dir, strings.Repeat("x", 100))
	long, _ := startLocal(t, opts)
	if strings.HasPrefix(long.Address(), "unix:"+dir) {
		t.Errorf("%s is too long for a socket", long.Address())
	}
}
