package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// A balancer asks now and then. Until it has, it leads callers to a gateway that ends.
func TestAServerThatIsToEndTakesCallsUntilBalancersHaveSeenIt(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--predictor="+startHost(t, newModelHost("v1")))
	s.awaitModel(t)
	s.recordSome(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serveUntil(ctx, time.Hour, time.Minute) }()
	stop()
	await(t, "the word that it ends", func() bool {
		res, err := http1.Get(s.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		why, err := io.ReadAll(res.Body)
		return err == nil && res.StatusCode == http.StatusServiceUnavailable && strings.Contains(string(why), "not ready")
	})
	s.check(t, "first")
	for _, over := range []*http.Client{drillHTTP(false), drillHTTP(true)} {
		var met []net.Addr
		for range 2 {
			met = append(met, s.meet(t, over))
		}
		if met[0].String() == met[1].String() {
			t.Errorf("a connection takes a second call: %v", met)
		}
	}
	broken := errors.New("the listener is broken")
	s.failures <- broken
	if err := <-ended; !errors.Is(err, broken) {
		t.Errorf("it ends with %v", err)
	}
	if _, err := http1.Get(s.url + "/readyz"); err == nil {
		t.Error("it listens still")
	}
}

// meet makes a call, and returns the caller's end of the connection that it went over.
func (s *testServer) meet(t *testing.T, over *http.Client) (end net.Addr) {
	t.Helper()
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { end = got.Conn.LocalAddr() }})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := over.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", res.Status, err)
	}
	return end
}
