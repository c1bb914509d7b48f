package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that is started and ended over and over.
type process struct {
	t     *testing.T
	make  func() *exec.Cmd
	cmd   *exec.Cmd
	leash io.Closer // its standard input, which ends with the test's own process
	ended chan struct{}

	keepAll bool // of what it says, not the last lines alone

	mu    sync.Mutex
	said  []string // the last lines
	pid   int      // of the process that it started last itself
	heard int      // how often a model's host said that it listens
}

// newProcess ends with the test, if nothing else has ended it.
func newProcess(t *testing.T, make func() *exec.Cmd) *process {
	p := &process{t: t, make: make}
	t.Cleanup(func() {
		if p.cmd != nil && p.alive() {
			p.cmd.Process.Kill()
			<-p.ended
		}
	})
	return p
}

// start runs it. What it says, on both outputs, is listened to.
func (p *process) start() {
	p.t.Helper()
	p.cmd, p.ended = p.make(), make(chan struct{})
	leash, err := p.cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.leash = leash
	said, saying, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = saying, saying
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	saying.Close()
	go p.listen(said)
	go func(cmd *exec.Cmd, ended chan struct{}) { cmd.Wait(); close(ended) }(p.cmd, p.ended)
}

func (p *process) listen(from io.ReadCloser) {
	defer from.Close()
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if p.hear(lines.Bytes()); bytes.HasPrefix(lines.Bytes(), []byte("{")) { // of the log
			logged.Write(lines.Bytes())
		}
	}
	io.Copy(io.Discard, from)
}

func (p *process) hear(line []byte) {
	var known struct {
		Msg string
		Pid int
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if json.Unmarshal(line, &known) == nil && known.Msg == "predictor process started" {
		p.pid = known.Pid
	}
	// A supervisor has its host's words in quotes.
	if bytes.Contains(bytes.ReplaceAll(line, []byte(`\`), nil), []byte(`"event": "listening"`)) {
		p.heard++
	}
	p.said = append(p.said, string(line))
	if n := len(p.said); n > 60 && !p.keepAll {
		p.said = p.said[n-30:]
	}
}

// words are those it said last.
func (p *process) words() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all bytes.Buffer
	for _, line := range p.said {
		fmt.Fprintln(&all, line)
	}
	return all.String()
}

// child is the number of the process that it started last.
func (p *process) child() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

func (p *process) listened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.cmd.Process.Pid, s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends it as the system would, without a word.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// stop asks it to end, and waits.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	await(p.t, "the end of "+p.cmd.Path, func() bool { return !p.alive() })
}

// await polls for what no call tells of.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	pace, patience := time.NewTicker(2*time.Millisecond), time.After(90*time.Second)
	defer pace.Stop()
	for !holds() {
		select {
		case <-pace.C:
		case <-patience:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
