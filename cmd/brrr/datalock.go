package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dataLockName is the file by which one server has a data folder for itself. It
// stays when the server ends: to remove it would let two have it.
const dataLockName = "serve.lock"

// dataLock is a data folder taken by this process. The kernel gives it back when
// the process ends, however it does.
type dataLock struct {
	file *os.File
	who  string
}

// lockData takes a data folder, made if need be, for one who names itself by its
// command. Two servers on one would each keep keys, limits and a model of its
// own. Commands beside a server need no lock.
func lockData(dir, command string) (*dataLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, dataLockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is in use by %s: stop it, or give --data another folder", dir, holder(file))
		}
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	l := &dataLock{file: file, who: fmt.Sprintf("brrr %s (process %d", command, os.Getpid())}
	if err := l.say(l.who + ")"); err != nil {
		return nil, errors.Join(err, l.release())
	}
	return l, nil
}

// listens adds where the server is reached to what others are told.
func (l *dataLock) listens(url string) error { return l.say(l.who + " at " + url + ")") }

// say writes one line in one go: others may read at any moment.
func (l *dataLock) say(line string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(line+"\n"), 0)
	return err
}

// release gives the folder back. A second time does nothing.
func (l *dataLock) release() error {
	if err := l.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// holder is who has the lock, as far as it has said.
func holder(file *os.File) string {
	said, _ := io.ReadAll(io.LimitReader(file, 1000)) // there is a word for nothing
	if who, whole := strings.CutSuffix(string(said), "\n"); whole {
		return who
	}
	return "another brrr"
}
