// Package proc starts and ends the programs that are measured, and accounts for
// what they use. It reads /proc, so it is for Linux alone.
package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// markerName is in the environment of everything that belongs to one process
// started here: it finds children that left the process group.
const markerName = "BRRR_BENCH_PROCESS"

// Spec says what to start.
type Spec struct {
	Name string
	Args []string // the program and its words
	Dir  string   // working folder; "" is the harness's own
	Env  []string // added to the harness's own
	Log  string   // file that takes what it says
}

// Process is a program under way, with all of its children.
type Process struct {
	Name string
	cmd  *exec.Cmd
	log  *os.File
	tree *tree
	done chan struct{} // closed once the program has ended
	err  error         // how it ended; read after done

	stopping sync.Once
}

// Set is all that was started. Its StopAll leaves nothing behind.
type Set struct {
	mu      sync.Mutex
	running []*Process
	started int
	starter chan func()
}

// NewSet makes an empty Set.
func NewSet() *Set {
	s := &Set{starter: make(chan func())}
	go func() {
		// The kernel ends children when the thread that started them ends: one
		// thread that lasts as long as the harness starts them all, so that none
		// outlives it even if it is killed.
		runtime.LockOSThread()
		for start := range s.starter {
			start()
		}
	}()
	return s
}

// Start starts a program in a process group of its own.
func (s *Set) Start(spec Spec) (*Process, error) {
	log, err := os.Create(spec.Log)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.started++
	marker := fmt.Sprintf("%s=%d-%d", markerName, os.Getpid(), s.started)
	s.mu.Unlock()
	cmd := exec.Command(spec.Args[0], spec.Args[1:]...)
	cmd.Dir, cmd.Env = spec.Dir, append(append(os.Environ(), spec.Env...), marker)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	s.starter <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", spec.Name, err), log.Close())
	}
	p := &Process{Name: spec.Name, cmd: cmd, log: log, tree: newTree(cmd.Process.Pid, marker), done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	s.mu.Lock()
	s.running = append(s.running, p)
	s.mu.Unlock()
	return p, nil
}

// StopAll ends everything that still runs, the last started first.
func (s *Set) StopAll() {
	s.mu.Lock()
	running := s.running
	s.running = nil
	s.mu.Unlock()
	for i := len(running) - 1; i >= 0; i-- {
		running[i].Stop()
	}
}

// stopGrace is how long a program has to end by itself.
const stopGrace = 20 * time.Second

// Stop asks the program to end, waits, and then kills what is left of it and of
// its children. It may be called again.
func (p *Process) Stop() {
	p.stopping.Do(func() {
		p.tree.scan() // while parents still tell which children are whose
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(stopGrace):
		}
		p.tree.kill()
		<-p.done
		_ = p.log.Close()
	})
}

// Done is closed once the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Await calls ready until it returns nil, the program ends, or the patience does.
func (p *Process) Await(ctx context.Context, patience time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready (%v): %s", p.Name, p.err, p.LastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready after %s: %w; it said: %s", p.Name, patience, err, p.LastWords())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// LastWords is the end of what the program said.
func (p *Process) LastWords() string {
	const most = 600 // bytes
	said, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	if len(said) > most {
		said = said[len(said)-most:]
	}
	return string(said)
}
