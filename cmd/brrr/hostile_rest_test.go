package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// What is left of a body that was refused is nobody's next request.
func TestTheRestOfARefusedBodyIsNoRequest(t *testing.T) {
	s := startServer(t, noModel)
	within := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct {
		key   string
		sizes []int // beyond what net/http reads on, to keep a connection
	}{"without a key": {"nobody", []int{300 << 10, 3 << 20}}, "too large": {s.keys["client"], []int{3 << 20}}} {
		for _, size := range c.sizes {
			conn := dialServer(t, s.url)
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			go func() {
				fmt.Fprintf(conn, "POST /api/FraudActivity HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", c.key, size)
				io.WriteString(conn, strings.Repeat(within, size/len(within)+1)[:size]) // which may be cut off
			}()
			said, _ := io.ReadAll(conn) // until the server closes it, perhaps with a reset
			if n := strings.Count(string(said), "HTTP/1.1 "); n > 1 || strings.Contains(string(said), "200 OK") {
				t.Errorf("%s, %d bytes: %d answers to one request: %.300s", name, size, n, said)
			}
			conn.Close()
		}
	}
}

// dialServer is a connection to where a URL points.
func dialServer(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
