package pgtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// home is the folder of all servers of this process, with one empty cluster that the
// others are copied from.
type home struct {
	dir      string
	bin      string
	password string
	as       *syscall.Credential // nil: who we are
	watcher  *exec.Cmd
	alive    io.Closer // by which the watcher knows that we live
}

// folders is where homes are made; empty: where the system has such.
var folders atomic.Pointer[string]

func init() { folders.Store(new(string)) }

var theHome struct {
	sync.Mutex
	*home
	err error
}

// openHome makes the folder, once.
func openHome() (*home, error) {
	theHome.Lock()
	defer theHome.Unlock()
	if theHome.home == nil && theHome.err == nil {
		theHome.home, theHome.err = newHome()
	}
	return theHome.home, theHome.err
}

// closeHome ends all servers and removes their folder.
func closeHome() error {
	theHome.Lock()
	defer theHome.Unlock()
	h := theHome.home
	if h == nil {
		return nil
	}
	theHome.home, theHome.err = nil, errors.New("the tests have ended")
	return errors.Join(h.alive.Close(), h.watcher.Wait(), os.RemoveAll(h.dir)) // where its parent is ours, the watcher cannot remove it
}

func newHome() (_ *home, err error) {
	h := &home{bin: programs(), password: rand.Text()}
	if h.as, err = unprivileged(); err != nil {
		return nil, err
	}
	if h.dir, err = os.MkdirTemp(*folders.Load(), "pgtest"); err != nil {
		return nil, err
	}
	password := filepath.Join(h.dir, "password")
	if err := errors.Join(os.WriteFile(password, []byte(h.password), 0o600), h.give(h.dir), h.give(password), h.watch()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(h.dir))
	}
	initdb := []string{"--pgdata=" + h.path("empty"), "--username=postgres", "--auth=scram-sha-256", "--pwfile=" + password, "--no-sync",
		"--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en"}
	if _, err = h.run("initdb", initdb...); err == nil {
		err = h.configure()
	}
	if err != nil {
		return nil, errors.Join(err, h.alive.Close(), h.watcher.Wait())
	}
	return h, nil
}

// settings are those of all servers.
const settings = `
max_connections = 200
wal_retrieve_retry_interval = 100ms # of standbys, whose server is back soon
timezone = '<+0545>-5:45'
log_timezone = UTC
`

func (h *home) configure() error {
	file, err := os.OpenFile(filepath.Join(h.path("empty"), "postgresql.conf"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(settings)
	return errors.Join(err, file.Close())
}

// unprivileged is a user to run as where we are root: Postgres refuses that one.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

func (h *home) give(path string) error {
	if h.as == nil {
		return nil
	}
	return os.Chown(path, int(h.as.Uid), int(h.as.Gid))
}

// watching waits until its input ends, which it does with us, and then ends each
// server in the folder and removes that. It asks for 10 s, and asks no more then.
const watching = `
read -r _
signal=QUIT tries=0
while ls "$1"/*/postmaster.pid; do
	for file in "$1"/*/postmaster.pid; do
		read -r pid <"$file" && kill -s "$signal" "$pid" || rm -f "$file"
	done
	sleep 0.05
	tries=$((tries + 1))
	[ "$tries" -lt 200 ] || signal=KILL
done
rm -rf "$1"
`

// watch starts who ends the servers once we have ended: a signal at our end would
// come as soon as one thread of ours ends, and folders would stay.
func (h *home) watch() (err error) {
	h.watcher = h.command("/bin/sh", "-c", watching, "watcher", h.dir)
	if h.alive, err = h.watcher.StdinPipe(); err != nil {
		return err
	}
	return h.watcher.Start()
}

// command is a program of Postgres, or one by its path, as the user who runs servers:
// in a group of its own, so that nobody interrupts it but we.
func (h *home) command(program string, args ...string) *exec.Cmd {
	if !filepath.IsAbs(program) {
		program = filepath.Join(h.bin, program)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + h.dir, "PGPASSWORD=" + h.password, "PGCONNECT_TIMEOUT=60"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.as, Setpgid: true}
	return cmd
}

// run runs a program to its end and returns what it prints.
func (h *home) run(program string, args ...string) (string, error) {
	out, err := h.command(program, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
