package predictor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of the wait before a child that ended is started again, and of the
// wait for one that was asked to end.
const (
	minRestartWait = 100 * time.Millisecond
	maxRestartWait = 5 * time.Second
	// A child that lived this long starts the waits from the beginning.
	steadyAfter = 10 * time.Second
	stopGrace   = 5 * time.Second
)

// LocalOptions says how to start the Python process.
type LocalOptions struct {
	Python string // interpreter with the predictor's dependencies
	Root   string // folder that holds predictor/ and gen/python/
	Models string // a model's folder, or one of models with the file `active`
	// Dir takes the socket, in a folder of its own. One that is left there by a
	// process that was killed is removed: Dir belongs to one Local at a time. Empty,
	// or too long for a socket's path: a temporary folder.
	Dir string
	Env []string // NAME=VALUE, instead of what is inherited under the same names
	Log *slog.Logger
}

// Command is a run of the Python package: python -m predictor with these words.
func (o LocalOptions) Command(ctx context.Context, words ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.Python, append([]string{"-m", "predictor"}, words...)...)
	cmd.Dir = o.Root
	cmd.Env = append(environment(),
		"PYTHONPATH="+o.Root+string(os.PathListSeparator)+filepath.Join(o.Root, "gen", "python"),
		"PYTHONUNBUFFERED=1")
	cmd.Env = append(cmd.Env, o.Env...)
	return cmd
}

// environment is this process's own, without what is meant for brrr, as a key among it
// is none of a model's business nor a database's password, and without what others tell
// their collectors of traces: OpenTelemetry in Python would tell it to ours.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "BRRR_") || strings.HasPrefix(variable, "PG") || strings.HasPrefix(variable, "OTEL_EXPORTER_")
	})
}

// Local supervises one Python process: it is started again whenever it ends,
// until Close.
type Local struct {
	opts     LocalOptions
	dir      string // holds the socket; ours alone
	stop     context.CancelFunc
	stopped  chan struct{}
	restarts atomic.Uint64

	mu      sync.Mutex
	running *os.Process // nil: none
}

// StartLocal starts the process and returns without waiting for its health,
// which a Pool on Address finds out.
func StartLocal(opts LocalOptions) (*Local, error) {
	opts.Log = orDefault(opts.Log, slog.Default())
	for field, path := range map[string]*string{"Python": &opts.Python, "Root": &opts.Root, "Models": &opts.Models} {
		if _, err := os.Stat(*path); err != nil {
			return nil, fmt.Errorf("predictor: %s: %w (`make build model` sets up Python and the default model)", field, err)
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil { // the process runs in another folder
			return nil, fmt.Errorf("predictor: %s: %w", field, err)
		}
	}
	dir, err := makeSocketFolder(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("predictor: make a folder for the socket: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &Local{opts: opts, dir: dir, stop: stop, stopped: make(chan struct{})}
	go l.supervise(ctx)
	return l, nil
}

// Address is where a Pool finds the process.
func (l *Local) Address() string { return "unix:" + l.socket() }

// Close asks the process to drain, ends it if it does not, and removes the
// socket.
func (l *Local) Close() {
	l.stop()
	<-l.stopped
}

// Restarts is how often the process was started again so far.
func (l *Local) Restarts() uint64 { return l.restarts.Load() }

// Restart ends a process that hangs, at once, and so has it started again.
func (l *Local) Restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running != nil {
		_ = l.running.Kill() // it may have ended by itself
	}
}

func (l *Local) setRunning(p *os.Process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = p
}

func (l *Local) socket() string { return filepath.Join(l.dir, socketName) }

func (l *Local) supervise(ctx context.Context) {
	defer close(l.stopped)
	defer removeSocketFolder(l.dir)
	wait := minRestartWait
	for {
		began := time.Now()
		err := l.runOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= steadyAfter {
			wait = minRestartWait
		}
		l.restarts.Add(1)
		l.opts.Log.Error("predictor process ended, starting it again", "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, maxRestartWait)
	}
}

// runOnce runs the process to its end. The process also ends by itself when the
// pipe on its standard input closes, so that none is left behind if this one is
// killed.
func (l *Local) runOnce(ctx context.Context) error {
	cmd := l.opts.Command(ctx, "serve", "--listen", l.Address(), "--model", l.opts.Models, "--exit-with-parent")
	// A terminal's Ctrl-C reaches the whole group: the gateway drains first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	leash, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer leash.Close()
	said, saying := io.Pipe()
	var relaying sync.WaitGroup
	defer relaying.Wait() // its last words stand in the log before its end does
	defer saying.Close()
	cmd.Stdout, cmd.Stderr = saying, saying
	relaying.Go(func() { l.relay(said) })
	if err := cmd.Start(); err != nil {
		return err
	}
	l.setRunning(cmd.Process)
	defer l.setRunning(nil)
	l.opts.Log.Info("predictor process started", "pid", cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		return err
	}
	return errors.New("it exited by itself")
}

// maxLine is how many bytes of a line of the process the log is given.
const maxLine = 64 << 10

// relay passes the process's lines on to the log. What it may say is held to no
// length: the rest of a longer line is left out.
func (l *Local) relay(from io.Reader) {
	lines := bufio.NewReaderSize(from, maxLine)
	for {
		line, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		l.opts.Log.Info("predictor process", "said", string(line))
		for more && err == nil {
			_, more, err = lines.ReadLine()
		}
	}
}
