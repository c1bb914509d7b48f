package pgtest

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

func TestAProxyCutsRefusesHangsAndSwitches(t *testing.T) {
	t.Parallel()
	first, second := speaker(t, "1"), speaker(t, "2")
	p := NewProxy(t, first)
	conn := connect(t, p)
	exchange(t, conn, "1")
	p.Cut()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a cut connection is read from")
	}
	conn = connect(t, p)
	p.Refuse()
	if err := dial(p.addr); err == nil {
		t.Error("it does not refuse")
	}
	exchange(t, conn, "1") // what was open stays
	p.Mend()

	p.Hang()
	answered := make(chan struct{})
	held := connect(t, p)
	go func() { exchange(t, held, "1"); close(answered) }()
	conn.SetReadDeadline(time.Now().Add(5 * pause))
	conn.Write([]byte("?"))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("a held connection answers")
	}
	select {
	case <-answered:
		t.Error("one that was made meanwhile answers")
	default:
	}
	p.Mend()
	<-answered

	lost := connect(t, p)
	exchange(t, lost, "1")
	p.Lose()
	fresh := connect(t, p)
	exchange(t, fresh, "1")
	p.SwitchTo(second)
	if _, err := fresh.Read(make([]byte, 1)); err == nil {
		t.Error("a connection to the old server is read from")
	}
	lost.SetReadDeadline(time.Now().Add(5 * pause))
	if n, err := lost.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a lost connection is told of: %d, %v", n, err)
	}
	exchange(t, connect(t, p), "2")
	if got := p.Through("postgres://u:p@127.0.0.1:1/db?sslmode=disable"); got != "postgres://u:p@"+p.addr+"/db?sslmode=disable" {
		t.Error(got)
	}
}

// speaker answers each byte with a word of its own.
func speaker(t *testing.T, word string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					if _, err := conn.Read(make([]byte, 1)); err != nil {
						return
					}
					io.WriteString(conn, word)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func connect(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func exchange(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	got := make([]byte, 1)
	if _, err := conn.Write([]byte("?")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("answered %q, %v", got, err)
	}
}
