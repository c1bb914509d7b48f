package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// What an attack may cost this process, both of its sides: far more than any does,
// and far less than one that is not bounded would.
const (
	mostHeapBytes  = 64 << 20
	mostGoroutines = 1_000
	// spareGoroutines are those that come and go by themselves.
	spareGoroutines = 15
)

// target is a server under attack, on a port of its own with times that are short
// enough to wait for.
type target struct {
	*testServer
	t           *testing.T
	address     string
	connections *connections
	h2c         *http.Client // the honest callers'
	heap        uint64       // before the attack
	goroutines  int
}

// startTarget changes the settings that are served with, if change is not nil.
func startTarget(t *testing.T, change func(*httpSettings)) *target {
	t.Helper()
	s := startFeed(t, feed.Options{})
	settings := newHTTPSettings(30*time.Second, defaultConnections)
	if change != nil {
		change(&settings)
	}
	address, err := s.serveWith(settings, "127.0.0.1:0", s.servers[0].Handler, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.recordSome(t) // over its other port
	s.url = "http://" + address.String()
	v := &target{testServer: s, t: t, address: address.String(), connections: settings.connections, h2c: newH2C()}
	v.honest("before")
	v.leave()
	v.heap, v.goroutines = heapInUse(), runtime.NumGoroutine()
	return v
}

// heapInUse is what is left once garbage is collected.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what pools held before the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// honest has a caller answered over each version of HTTP. Where the attack
// keeps the processors busy it may be told to come again, which it does.
func (v *target) honest(when string) {
	v.t.Helper()
	res, body := post1(v.t, v.url+"/api/FraudActivity", v.keys["client"], `{"transaction_id":"first"}`)
	for strings.Contains(string(body), fraud.ReasonQueueFull) {
		res, body = post1(v.t, v.url+"/api/FraudActivity", v.keys["client"], `{"transaction_id":"first"}`)
	}
	if res.StatusCode != 200 || !strings.Contains(string(body), `"fraud_probability"`) {
		v.t.Fatalf("%s: %s %s", when, res.Status, body)
	}
	if err := v.ask(1); err != nil {
		v.t.Fatalf("%s: over HTTP/2: %v", when, err)
	}
}

// ask has so many calls answered over HTTP/2, one after the other.
func (v *target) ask(calls int) error {
	service := client.NewWithHTTP(v.h2c, v.url, v.keys["client"], connect.WithGRPC(), client.WithRetries(0))
	for answered := 0; answered < calls; {
		_, err := service.GetFraudActivity(v.t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
		switch {
		case err == nil:
			answered++
		case client.Reason(err) != fraud.ReasonQueueFull:
			return err
		}
	}
	return nil
}

// leave closes the honest callers' connections, which are the last.
func (v *target) leave() {
	v.t.Helper()
	http1.CloseIdleConnections()
	v.h2c.CloseIdleConnections()
	await(v.t, "the end of all connections", func() bool { open, _, _ := v.connections.count(); return open == 0 })
}

// bounded fails the test if the attack costs more than it may.
func (v *target) bounded() {
	v.t.Helper()
	goroutines := runtime.NumGoroutine() - v.goroutines
	if heap := heapInUse(); heap > v.heap+mostHeapBytes {
		v.t.Errorf("the attack costs %d MiB", (heap-v.heap)>>20)
	}
	if goroutines > mostGoroutines {
		v.t.Errorf("the attack costs %d goroutines", goroutines)
	}
}

// over waits until nothing of the attack is left, whose own ends are closed by now.
func (v *target) over() {
	v.t.Helper()
	v.honest("afterwards")
	v.leave()
	await(v.t, "the end of the attack's goroutines", func() bool { return runtime.NumGoroutine() <= v.goroutines+spareGoroutines })
}

// dial opens a connection that is closed with the test, and sends it these bytes.
func (v *target) dial(first string) net.Conn {
	v.t.Helper()
	conn, err := net.Dial("tcp", v.address)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, first); err != nil {
		v.t.Fatal(err)
	}
	return conn
}

// throw is dial for what the server need not take.
func (v *target) throw(bytes string) net.Conn {
	v.t.Helper()
	conn := v.dial("")
	if _, err := io.WriteString(conn, bytes); err != nil && !isReset(err) {
		v.t.Error(err)
	}
	return conn
}

// gone waits until the server has closed a connection, and returns what it said.
func (v *target) gone(conn net.Conn) string {
	v.t.Helper()
	said, err := io.ReadAll(conn)
	if err != nil && !isReset(err) {
		v.t.Errorf("read until the end: %v", err)
	}
	return string(said)
}

// isReset tells that the other side has gone, whichever way.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// statusOf is that of the next answer over HTTP/1.1, whose body is read.
func statusOf(t *testing.T, from *bufio.Reader) int {
	t.Helper()
	res, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// seedHead is a call's head over HTTP/1.1, with further lines.
func seedHead(key string, lines ...string) string {
	head := "POST /api/FraudActivity HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
	if key != "" {
		head += "Authorization: Bearer " + key + "\r\n"
	}
	for _, line := range lines {
		head += line + "\r\n"
	}
	return head + "\r\n"
}

// newH2C speaks HTTP/2 alone, without TLS.
func newH2C() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols, DialContext: followed(new(net.Dialer).DialContext)}}
}

func shortly(s *httpSettings) {
	s.header, s.body, s.idle = 300*time.Millisecond, 300*time.Millisecond, time.Second
}
