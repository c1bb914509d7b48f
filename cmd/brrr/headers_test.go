package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// The headers that browsers go by.
var securityHeaders = []string{"X-Content-Type-Options", "Referrer-Policy", "Cache-Control", "Content-Security-Policy",
	"Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy", "Strict-Transport-Security", "Server"}

// TestEveryAnswerTellsBrowsersWhatTheyMayDo holds each kind of answer of the public
// port to its headers, over TLS and in plain.
func TestEveryAnswerTellsBrowsersWhatTheyMayDo(t *testing.T) {
	t.Parallel()
	secured, _ := startTLS(t, noModel)
	plain := startServer(t, noModel)
	const noContent, year = "default-src 'none'; frame-ancestors 'none'", "max-age=31536000"
	call := []string{"nosniff", "no-referrer", "no-store", noContent, "same-origin", "", year, ""}
	page := []string{"nosniff", "no-referrer", "no-cache", "…", "same-origin", "same-origin", year, ""}
	asset := []string{"nosniff", "no-referrer", "public, max-age=31536000, immutable", "…", "same-origin", "same-origin", year, ""}
	missing := []string{"nosniff", "no-referrer", "no-store", "…", "same-origin", "same-origin", year, ""}
	get := fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure
	for _, c := range []struct {
		method, path, kind, key string
		status                  int
		want                    []string
	}{
		{"POST", get, "application/json", "client", 404, call},
		{"POST", get, "application/json", "", 401, call},
		{"POST", "/api/FraudActivity", "application/json", "client", 404, call},
		{"POST", "/api/FraudActivity", "text/plain", "client", 400, call},
		{"POST", get, "application/grpc", "client", 200, call},
		{"POST", get, "application/grpc", "", 200, call},
		{"POST", get, "application/grpc-web", "client", 200, call},
		{"POST", "/grpc.health.v1.Health/Check", "application/json", "", 200, call},
		{"GET", get, "", "client", 405, call},
		{"OPTIONS", get, "", "", 405, call},
		{"GET", "/healthz", "", "", 200, call},
		{"GET", "/readyz", "", "", 503, call},
		{"POST", "/healthz", "", "", 404, call},
		{"GET", "/", "", "", 200, page},
		{"GET", "/transactions/x", "", "", 200, page},
		{"GET", assetOfConsole(t), "", "", 200, asset},
		{"GET", "/nowhere", "", "", 404, missing},
	} {
		for _, s := range []*testServer{secured, plain} {
			over := s.over
			if over == nil {
				over = http1
			}
			req, err := http.NewRequestWithContext(t.Context(), c.method, s.url+c.path, strings.NewReader(`{"transaction_id":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", c.kind)
			if c.key != "" {
				req.Header.Set("Authorization", "Bearer "+s.keys[c.key])
			}
			res, err := over.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != c.status {
				t.Errorf("%s %s as %q with key %q: %s, want %d", c.method, c.path, c.kind, c.key, res.Status, c.status)
			}
			for i, header := range securityHeaders {
				want, got := c.want[i], strings.Join(res.Header.Values(header), " and ")
				switch {
				case header == "Strict-Transport-Security" && s == plain:
					want = ""
				case want == "…" && strings.Contains(got, "frame-ancestors 'none'") && strings.Contains(got, "script-src 'self'"):
					continue
				}
				if got != want {
					t.Errorf("%s %s as %q at %s: %s: %q, want %q", c.method, c.path, c.kind, s.url, header, got, want)
				}
			}
		}
	}
}

// assetOfConsole is the path of a script that the console loads.
func assetOfConsole(t *testing.T) string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(root, "web/dist/assets/*.js"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("make build has made no console: %v", err)
	}
	return "/assets/" + filepath.Base(scripts[0])
}

// TestNoAnswerSpeaksOfOtherOriginsUnlessOneIsAllowed: a browser then keeps the pages of
// all others out.
func TestNoAnswerSpeaksOfOtherOriginsUnlessOneIsAllowed(t *testing.T) {
	t.Parallel()
	s := startServer(t, noModel)
	for _, path := range []string{servicePath + "GetFraudActivity", servicePath + "WatchFraudActivity", "/api/FraudActivity", "/healthz", "/readyz", "/", "/nowhere"} {
		for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodPost} {
			req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Origin", "https://evil.example")
			req.Header.Set("Content-Type", "application/json")
			if method == http.MethodOptions {
				req.Header.Set("Access-Control-Request-Method", "POST")
				req.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
			}
			res, err := http1.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			for header := range res.Header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("%s %s: %s: %q", method, path, header, res.Header.Get(header))
				}
			}
		}
	}
}
