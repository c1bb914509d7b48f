package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/http2"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// TestTenThousandIdleConnectionsCostLittleAndMakeRoom opens more connections than may
// be, to a server that is a process of its own: some bring nothing, some have had an
// answer, some speak HTTP/2.
func TestTenThousandIdleConnectionsCostLittleAndMakeRoom(t *testing.T) {
	const mostKBEach = 32 // four times as much with the race detector
	tried := defaultConnections + 500
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if room := int(limit.Cur) - 1000; room < tried {
		t.Logf("SCALED DOWN to %d connections: this process may open %d files; the bound of %d is not reached", room, limit.Cur, defaultConnections)
		tried = room
	}
	data, address := t.TempDir(), freeAddress(t)
	key := keyIn(t, data)
	p := newServer(t, data, t.TempDir(), address, "--predictor="+startHost(t, amountHost{newModelHost("amount")}))
	p.start()
	url := "http://" + address
	awaitReadyz(t, p, url)
	files, memory := openFiles(t, p), residentKB(t, p)
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
	}()
	for i := range tried {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		conns = append(conns, conn)
		first := []string{"", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"}[i%3]
		if _, err := io.WriteString(conn, first); err != nil {
			t.Fatal(err)
		}
		if first != "" {
			if _, err := conn.Read(make([]byte, 1)); err != nil { // it is answered, so it is idle
				t.Fatalf("connection %d: %v", i, err)
			}
		}
		if i%1000 == 0 {
			asksOwnName(t, url, key)
		}
	}
	asksOwnName(t, url, key)
	if most := min(tried, defaultConnections) + otherDescriptors; openFiles(t, p) > most {
		t.Errorf("%d files are open, want at most %d", openFiles(t, p), most)
	}
	most := mostKBEach
	if raceDetector {
		most *= 4
	}
	grown := residentKB(t, p) - memory
	t.Logf("%d connections: %d files open, %d KB more resident, %d each", tried, openFiles(t, p), grown, grown/tried)
	if grown > most*tried {
		t.Errorf("%d connections cost %d KB, want at most %d each", tried, grown, most)
	}
	for _, conn := range conns {
		conn.Close()
	}
	await(t, "the end of the connections", func() bool { return openFiles(t, p) <= files+5 })
	asksOwnName(t, url, key)
	p.stop()
}

// asksOwnName has an honest caller answered, on a connection of its own.
func asksOwnName(t *testing.T, url, key string) {
	t.Helper()
	http1.CloseIdleConnections()
	if res, body := post1(t, url+servicePath+"GetCaller", key, `{}`); res.StatusCode != 200 || !strings.Contains(string(body), "client") {
		t.Fatalf("%s %s", res.Status, body)
	}
}

func keyIn(t *testing.T, data string) string {
	t.Helper()
	store, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	key, err := access.CreateKey(t.Context(), store, "idle", "client", 0, "user:test")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return key
}

func openFiles(t *testing.T, p *process) int {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func residentKB(t *testing.T, p *process) (kb int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(line, &kb); err != nil {
		t.Fatal(err)
	}
	return kb
}
