package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestACollectorThatFailsCostsSpansAlone has collectors fail in every way. The app
// closes while the one that hangs still has not answered.
func TestACollectorThatFailsCostsSpansAlone(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 1000), make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hangs.Close()
	defer close(release)
	fails := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer fails.Close()
	for name, endpoint := range map[string]string{"hangs": hangs.URL, "answers 500": fails.URL, "down": "http://" + nobody(t)} {
		c := parseServe(t, t.TempDir(), "--predictor="+startHost(t, newModelHost("m")), "--trace-endpoint="+endpoint, "--trace-sample=1")
		app, err := c.start(context.Background(), testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		s := &testServer{app: app, keys: map[string]string{"client": newKey(t, app.store, "client"), "backend": newKey(t, app.store, "backend")}}
		s.awaitModel(t)
		s.recordSome(t)
		for range 50 {
			if err := get(s, "first"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if name == "hangs" {
			<-asked // it has spans and is silent
		}
		hangUp(app.url)
		if err := app.close(10 * time.Second); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if app.traces.Dropped() == 0 {
			t.Errorf("%s: no span is counted as dropped", name)
		}
	}
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	taken := httptest.NewServer(nil)
	taken.Close()
	return taken.Listener.Addr().String()
}

// parents notes the traceparent of each prediction that a host is asked for.
type parents struct {
	*modelHost
	mu   sync.Mutex
	seen []string
}

func (p *parents) layer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get("Traceparent"); v != "" {
			p.mu.Lock()
			p.seen = append(p.seen, v)
			p.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// TestOnlyTracedCallsAreToldToTheModel: nobody else's call brings it a header.
func TestOnlyTracedCallsAreToldToTheModel(t *testing.T) {
	t.Parallel()
	const id = "0af7651916cd43dd8448eb211c80319c"
	sampled, not := "00-"+id+"-b7ad6b7169203331-01", "00-"+id+"-b7ad6b7169203331-00"
	received := startSpanCollector(t)
	for name, c := range map[string]struct {
		flags  []string
		parent string
		told   bool
	}{
		"off":                       {nil, sampled, false},
		"not sampled":               {[]string{"--trace-endpoint=" + received.URL, "--trace-sample=0"}, "", false},
		"its caller does not trace": {[]string{"--trace-endpoint=" + received.URL, "--trace-sample=1"}, not, false},
		"no caller is followed":     {[]string{"--trace-endpoint=" + received.URL, "--trace-sample=0", "--trace-follow=0"}, sampled, false},
		"no traceparent":            {[]string{"--trace-endpoint=" + received.URL, "--trace-sample=0"}, "00-garbage-01", false},
		"followed":                  {[]string{"--trace-endpoint=" + received.URL, "--trace-sample=0"}, sampled, true},
		"sampled":                   {[]string{"--trace-endpoint=" + received.URL, "--trace-sample=1"}, "", true},
	} {
		host := &parents{modelHost: newModelHost("m")}
		s := startServer(t, append(c.flags, "--predictor="+startLayeredHost(t, host, host.layer))...)
		s.awaitModel(t)
		s.recordSome(t)
		brings := connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
				if c.parent != "" {
					req.Header().Set("Traceparent", c.parent)
				}
				return next(ctx, req)
			}
		}))
		_, err := client.New(s.url, s.keys["client"], brings).GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
		if err != nil {
			t.Fatal(err)
		}
		host.mu.Lock()
		if told := len(host.seen) > 0; told != c.told {
			t.Errorf("%s: the model was told %v", name, host.seen)
		}
		if name == "followed" && len(host.seen) == 1 && host.seen[0][:35] != sampled[:35] {
			t.Errorf("another trace goes on: %s", host.seen[0])
		}
		host.mu.Unlock()
	}
}
