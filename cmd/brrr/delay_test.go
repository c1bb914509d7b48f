package main

import (
	"context"
	"errors"
	"io"
	"net/http"
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
	broken := errors.New("the listener is broken")
	s.failures <- broken
	if err := <-ended; !errors.Is(err, broken) {
		t.Errorf("it ends with %v", err)
	}
	if _, err := http1.Get(s.url + "/readyz"); err == nil {
		t.Error("it listens still")
	}
}
