// Package pgtest runs real Postgres servers for tests: on loopback, in folders of
// their own, never one of the system. They end with the process that started them,
// however it ends.
//
// Databases sort as people do and servers have a time zone of their own, since those
// that a store meets may: what it needs it has to say.
package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
)

// Main runs a package's tests and ends what they started. TestMain calls it.
func Main(m *testing.M) int {
	code := m.Run()
	if err := closeHome(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	return code
}

// shared is the server of all tests that want just a database.
var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Database is the URL of a new, empty database, dropped with the test. Its server is
// shared by all tests of the process, and writes nothing through to the disk.
func Database(t testing.TB) string {
	t.Helper()
	return databaseLike(t, "template1")
}

// Copy is the URL of a new database that has all that another such has, to which
// nobody is connected.
func Copy(t testing.TB, of string) string {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	return databaseLike(t, strings.TrimPrefix(u.Path, "/"))
}

func databaseLike(t testing.TB, template string) string {
	t.Helper()
	needPrograms(t)
	server, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	name, err := server.create(template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := server.query("postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return server.URL(name)
}

func sharedServer() (*Server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = newServer("shared", "fsync=off", "full_page_writes=off", "synchronous_commit=off")
	}
	return shared.server, shared.err
}

// Run starts a server for who is no test, such as a benchmark, on a disk under dir,
// with settings besides. close ends it, and all others of the process.
func Run(dir string, settings ...string) (s *Server, close func() error, err error) {
	if programs() == "" {
		return nil, nil, errors.New("postgres is missing: apt-get install postgresql")
	}
	folders.Store(&dir)
	if s, err = newServer("server", settings...); err != nil {
		return nil, nil, errors.Join(err, closeHome())
	}
	return s, closeHome, nil
}

// Do runs one statement on a database, and returns its rows a line, columns parted
// by |.
func (s *Server) Do(database, statement string) (string, error) { return s.query(database, statement) }

// Start starts a server for one test, which keeps what it acknowledges, and ends it
// with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	needPrograms(t)
	s, err := newServer("server")
	if err != nil {
		t.Fatal(err)
	}
	s.endWith(t)
	return s
}
