package pgtest

import (
	"bufio"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// asOther makes the binary of the tests start a server and wait to be killed.
const asOther = "PGTEST_AS_OTHER"

func TestMain(m *testing.M) {
	if os.Getenv(asOther) != "" {
		server, err := sharedServer()
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(server.Address() + " " + server.home.dir + "\n")
		select {}
	}
	os.Exit(Main(m))
}

func TestAServerEndsWithAProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), asOther+"=1")
	said, err := other.StdoutPipe()
	if err := errors.Join(err, other.Start()); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	address, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || dir == "" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := dial(address); err != nil {
		t.Fatal(err)
	}
	other.Process.Kill()
	other.Wait()
	until(func() bool { _, err := os.Stat(dir); return errors.Is(err, os.ErrNotExist) })
	if err := dial(address); err == nil {
		t.Error("it still answers")
	}
}

func TestDatabasesAreEmptyAndDropped(t *testing.T) {
	t.Parallel()
	var server *Server
	names := map[string]bool{}
	t.Run("some tests", func(t *testing.T) {
		for range 2 {
			u, err := url.Parse(Database(t))
			if err != nil {
				t.Fatal(err)
			}
			server, err = sharedServer()
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(u.Path, "/")
			names[name] = true
			if got, err := server.query(name, "SELECT count(*) FROM pg_stat_user_tables"); got != "0" || err != nil {
				t.Errorf("%s has %s tables, %v", name, got, err)
			}
			if got, err := server.query(name, "CREATE TABLE words AS VALUES ('a'), ('B'); SELECT * FROM words ORDER BY 1"); got != "a\nB" || err != nil {
				t.Errorf("sorted like bytes: %q, %v", got, err)
			}
		}
	})
	if len(names) != 2 {
		t.Fatalf("databases %v", names)
	}
	for name := range names {
		if got, err := server.query("postgres", "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"); got != "0" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestAPromotedReplicaHasAllThatWasAcknowledged loses a server, twice, and what stood
// by for it goes on.
func TestAPromotedReplicaHasAllThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	server := Start(t)
	server.Query("postgres", "CREATE TABLE kept AS VALUES (1)")
	server.Kill()
	if err := dial(server.Address()); err == nil {
		t.Error("a killed server answers")
	}
	server.StartAgain()
	replica := server.Replica(t)
	server.Query("postgres", "INSERT INTO kept VALUES (2)")
	server.Kill()
	replica.Promote()
	replica.Query("postgres", "INSERT INTO kept VALUES (3)")
	if got := replica.Query("postgres", "SELECT * FROM kept ORDER BY 1"); got != "1\n2\n3" {
		t.Errorf("it has %q", got)
	}
}

func dial(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

func until(done func() bool) {
	for !done() {
		time.Sleep(pause)
	}
}
