package main

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestTheConnectionThatIsWithoutACallTheLongestMakesRoom tells what happens to
// connections, "a new" and so on, and which of them are closed by that.
func TestTheConnectionThatIsWithoutACallTheLongestMakesRoom(t *testing.T) {
	states := map[string]http.ConnState{"new": http.StateNew, "active": http.StateActive, "idle": http.StateIdle, "closed": http.StateClosed}
	for name, c := range map[string]struct{ happens, closed string }{
		"up to the bound none":                    {"a new, b new", ""},
		"the longest without any call":            {"a new, b new, c new, d new", "a b"},
		"the longest idle":                        {"a new, a active, b new, a idle, c new", "b"},
		"one idle rather than one with a call":    {"a new, a active, b new, b active, b idle, c new", "b"},
		"the newest if all others have calls":     {"a new, a active, b new, b active, c new, d new", "c d"},
		"none where one has gone":                 {"a new, b new, a closed, c new", ""},
		"one after another, in their order":       {"a new, a active, b new, b active, a idle, b idle, c new, d new", "a b"},
		"one that calls again is the last":        {"a new, a active, a idle, b new, a active, a idle, c new", "b"},
		"what a closed one does counts no more":   {"a new, b new, c new, a active, a idle, a closed, d new", "a b"},
		"an event twice is as once":               {"a new, a active, a active, b new, a idle, a idle, c new, d new", "b a"},
		"a call that ends makes room, not sooner": {"a new, a active, b new, b active, c new, a idle, d new", "c a"},
	} {
		t.Run(name, func(t *testing.T) {
			bounded, named, closed := newConnections(2), map[string]net.Conn{}, ""
			for event := range strings.SplitSeq(c.happens, ", ") {
				who, what, _ := strings.Cut(event, " ")
				if what == "new" {
					named[who] = &countedConn{closing: func() { closed += " " + who }}
				}
				bounded.changed(named[who], states[what])
			}
			if got := strings.TrimSpace(closed); got != c.closed {
				t.Errorf("%s: closed %q, want %q", c.happens, got, c.closed)
			}
			if open, _, given := bounded.count(); open > 2 || int(given) != len(strings.Fields(c.closed)) {
				t.Errorf("%d open, %d closed for others' sake", open, given)
			}
		})
	}
}

// countedConn tells when it is closed.
type countedConn struct {
	net.Conn
	closing func()
}

func (c *countedConn) Close() error { c.closing(); return nil }

func TestCallsUnderWayAreAnsweredHoweverManyConnectionsCome(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	settings := newHTTPSettings(0, 2)
	server := settings.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
		io.WriteString(w, r.Proto)
	}), slog.New(slog.DiscardHandler))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Close()
	answers := make(chan string)
	for _, version := range []*http.Client{http1, newH2C()} {
		go func() { answers <- bodyOf(version.Get("http://" + listener.Addr().String())) }()
		<-asked
	}
	for range 20 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !isReset(err) {
			t.Errorf("one beyond the bound: %v, want it closed", err)
		}
		conn.Close()
	}
	close(release)
	got := map[string]bool{<-answers: true, <-answers: true}
	if !got["HTTP/1.1"] || !got["HTTP/2.0"] {
		t.Errorf("the calls under way were answered %v", got)
	}
}

func bodyOf(res *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
