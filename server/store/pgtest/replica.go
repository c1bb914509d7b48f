package pgtest

import (
	"strconv"
	"testing"
	"time"
)

// Replica starts a standby of the server, which from then on acknowledges nothing
// that the standby has not written.
func (s *Server) Replica(t testing.TB) *Server {
	t.Helper()
	standby := &Server{home: s.home, dir: s.home.path("replica" + strconv.FormatInt(numbers.Add(1), 10)), settings: s.settings}
	if _, err := s.home.run("pg_basebackup", "--pgdata="+standby.dir, "--host=127.0.0.1", "--port="+strconv.Itoa(s.port), "--username=postgres",
		"--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"); err != nil {
		t.Fatal(err)
	}
	if err := standby.startSomewhere(); err != nil {
		t.Fatal(err)
	}
	standby.endWith(t)
	s.Query("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
	s.Query("postgres", "SELECT pg_reload_conf()")
	s.await("SELECT sync_state = 'sync' FROM pg_stat_replication")
	return standby
}

// Promote makes a standby the server that takes writes, and waits until it does. What
// it stood by for must be dead, or both would take them.
func (s *Server) Promote() {
	s.t.Helper()
	s.Query("postgres", "SELECT pg_promote()")
	s.await("SELECT NOT pg_is_in_recovery()")
}

// await asks until the answer is yes.
func (s *Server) await(question string) {
	s.t.Helper()
	for s.Query("postgres", question) != "t" {
		time.Sleep(pause)
	}
}
