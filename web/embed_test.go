package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built() *console {
	return &console{fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html>page")},
		"icon.svg":            {Data: []byte("<svg/>")},
		"assets/app-1.js":     {Data: []byte("plain")},
		"assets/app-1.js.gz":  {Data: []byte("packed")},
		"assets/app-1.css":    {Data: []byte("a{}")},
		".gitkeep":            {},
		"assets/.hidden":      {Data: []byte("x")},
		"assets/app-1.css.gz": {Data: []byte("packed")},
	}}
}

func ask(t *testing.T, c *console, method, path, accept string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	c.ServeHTTP(w, r)
	return w.Result()
}

func TestTheConsoleIsServedAtItsPagesAndAssetsAlone(t *testing.T) {
	for _, test := range []struct {
		method, path, accept string
		status               int
		kind, encoding       string
		cache                string
	}{
		{"GET", "/", "gzip", 200, "text/html; charset=utf-8", "", "no-cache"},
		{"GET", "/live", "", 200, "text/html; charset=utf-8", "", "no-cache"},
		{"GET", "/transactions/Y12a34x56", "", 200, "text/html; charset=utf-8", "", "no-cache"},
		{"HEAD", "/", "", 200, "text/html; charset=utf-8", "", "no-cache"},
		{"GET", "/transactions/", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/transactions/a/b", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/assets/app-1.js", "gzip, br", 200, "text/javascript; charset=utf-8", "gzip", "public, max-age=31536000, immutable"},
		{"GET", "/assets/app-1.js", "", 200, "text/javascript; charset=utf-8", "", "public, max-age=31536000, immutable"},
		{"GET", "/assets/app-1.css", "gzip", 200, "text/css; charset=utf-8", "gzip", "public, max-age=31536000, immutable"},
		{"GET", "/icon.svg", "gzip", 200, "image/svg+xml", "", "public, max-age=31536000, immutable"},
		{"GET", "/assets", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/assets/", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/.gitkeep", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/assets/.hidden", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/../embed.go", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"GET", "/admin", "", 404, "text/plain; charset=utf-8", "", "no-store"},
		{"POST", "/", "", 404, "text/plain; charset=utf-8", "", ""},
	} {
		res := ask(t, built(), test.method, test.path, test.accept)
		head := res.Header
		if res.StatusCode != test.status || head.Get("Content-Type") != test.kind ||
			head.Get("Content-Encoding") != test.encoding || head.Get("Cache-Control") != test.cache {
			t.Errorf("%s %s: %d %v", test.method, test.path, res.StatusCode, head)
		}
	}
}

func TestThePageMayLoadWhatThisServerServesAndNothingElse(t *testing.T) {
	head := ask(t, built(), "GET", "/", "").Header
	policy := head.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("the policy lacks %s: %s", rule, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy lets in too much: %s", policy)
	}
	if head.Get("Cross-Origin-Opener-Policy") != "same-origin" {
		t.Errorf("%v", head)
	}
}

func TestABinaryWithoutTheConsoleSaysSo(t *testing.T) {
	res := ask(t, &console{fstest.MapFS{".gitkeep": {}}}, "GET", "/", "")
	body := make([]byte, 200)
	n, _ := res.Body.Read(body)
	if res.StatusCode != 404 || !strings.Contains(string(body[:n]), "make build") {
		t.Errorf("%d %s", res.StatusCode, body[:n])
	}
}
