package pgtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// pause is between two looks at what has not happened yet.
const pause = 10 * time.Millisecond

// Server is a Postgres server.
type Server struct {
	t        testing.TB // nil: of all tests
	home     *home
	dir      string
	port     int
	settings []string

	process *exec.Cmd
	ended   chan struct{} // closed once the process has
}

// numbers tell folders and databases of this process apart.
var numbers atomic.Int64

// newServer starts a server on a copy of the empty cluster.
func newServer(name string, settings ...string) (*Server, error) {
	h, err := openHome()
	if err != nil {
		return nil, err
	}
	s := &Server{home: h, dir: h.path(fmt.Sprint(name, numbers.Add(1))), settings: settings}
	if _, err := h.run("/bin/cp", "-a", h.path("empty"), s.dir); err != nil {
		return nil, err
	}
	return s, s.startSomewhere()
}

// startSomewhere starts the server on a free port: one that nobody gets by chance
// while the server is down, as those below are not given to who asks for any.
func (s *Server) startSomewhere() (err error) {
	for range 10 {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.start(); err == nil || !strings.Contains(err.Error(), "could not bind") {
			return err
		}
	}
	return err
}

// freePort is one below those that systems give to whoever asks for any, and below those
// that cmd/brrr's tests take, which run beside these: it stays free while it refuses.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 10_000 + rand.IntN(10_000)
		var l net.Listener
		if l, err = net.Listen("tcp", address(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func (s *Server) logFile() string { return s.dir + ".log" }

// start starts the process and waits until it answers.
func (s *Server) start() error {
	args := []string{"-D", s.dir}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=",
		"cluster_name=" + filepath.Base(s.dir)}, s.settings...) {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = s.home.command("postgres", args...)
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		process.Wait() // how it ended is in its log
		close(ended)
	}(s.process, s.ended)
	for {
		if _, err := s.home.run("pg_isready", "--host=127.0.0.1", "--port="+strconv.Itoa(s.port), "--quiet"); err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errors.New("postgres ended:\n" + s.lastWords())
		case <-time.After(pause):
		}
	}
}

// endWith ends the server with a test, and shows its log where that failed.
func (s *Server) endWith(t testing.TB) {
	s.t = t
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("%s said at last:\n%s", filepath.Base(s.dir), s.lastWords())
		}
		if err := errors.Join(os.RemoveAll(s.dir), os.Remove(s.logFile())); err != nil {
			t.Error(err)
		}
	})
}

// lastWords are the end of the log.
func (s *Server) lastWords() string {
	log, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-4000):])
}

// Address is where the server listens.
func (s *Server) Address() string { return address(s.port) }

// URL is a database's, with the superuser's password. There is always "postgres".
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s/%s?sslmode=disable", s.home.password, s.Address(), database)
}

// create makes a database.
func (s *Server) create(template string) (name string, err error) {
	name = fmt.Sprint("test", numbers.Add(1))
	_, err = s.query("postgres", "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY")
	return name, err
}

// Query runs one statement, and returns its rows a line, columns parted by |.
func (s *Server) Query(database, statement string) string {
	s.t.Helper()
	rows, err := s.query(database, statement)
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

func (s *Server) query(database, statement string) (string, error) {
	return s.home.run("psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1",
		"--host=127.0.0.1", "--port="+strconv.Itoa(s.port), "--username=postgres", "--dbname="+database, "--command="+statement)
}

// Kill ends all processes of the server at once, as a crash of the machine does.
func (s *Server) Kill() {
	s.t.Helper()
	first := s.process.Process
	first.Signal(syscall.SIGSTOP) // or it would start others for those that end
	for _, pid := range append(childrenOf(first.Pid), first.Pid) {
		syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
	}
	<-s.ended
}

// childrenOf are the processes that one has started, as far as the system tells.
// Where it does not, those of a server end once they see that it has.
func childrenOf(parent int) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		var state string
		var of, pid int
		fmt.Sscan(string(text), &pid)
		fmt.Sscan(string(text[strings.LastIndexByte(string(text), ')')+1:]), &state, &of)
		if of == parent {
			children = append(children, pid)
		}
	}
	return children
}

// StartAgain starts a server that was killed or stopped, where it was, and waits
// until it answers.
func (s *Server) StartAgain() {
	s.t.Helper()
	for {
		err := s.start()
		switch {
		case err == nil:
			return
		case !strings.Contains(s.lastStart(), "still in use"): // by processes that are just ending
			s.t.Fatal(err)
		}
	}
}

// lastStart is the last line of the log that tells why it ended.
func (s *Server) lastStart() string {
	words := s.lastWords()
	return words[max(0, strings.LastIndex(words, "FATAL")):]
}

// Stop ends the server as an operator does. Nothing happens if it has ended.
func (s *Server) Stop() {
	s.process.Process.Signal(syscall.SIGINT) // it may have ended by itself
	<-s.ended
}
