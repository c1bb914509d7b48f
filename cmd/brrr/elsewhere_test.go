package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// TestNobodyLeadsTheServerElsewhere has all whom the server asks lead it to a port of
// its own machine that is none of theirs: model, collector, and an issuer that is
// elsewhere.
func TestNobodyLeadsTheServerElsewhere(t *testing.T) {
	t.Parallel()
	issuer := issuertest.New(t)
	var reached atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		issuer.ServeHTTP(w, r) // as well as the true one would
	}))
	defer inside.Close()
	leads := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}
	t.Run("a model's host", func(t *testing.T) {
		asked := make(chan struct{}, 1000)
		s := startServer(t, "--predictor="+startLayeredHost(t, newModelHost("m"), func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { leads(w, r); asked <- struct{}{} })
		}))
		<-asked
		<-asked // what came of the first is known
		if s.predictor.Ready() {
			t.Error("it is believed")
		}
	})
	t.Run("a collector of traces", func(t *testing.T) {
		asked := make(chan string, 1000)
		collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			leads(w, r)
			asked <- r.UserAgent()
		}))
		defer collector.Close()
		s := startServer(t, "--trace-endpoint="+collector.URL, "--trace-sample=1")
		s.awaitModel(t)
		s.recordSome(t)
		if err := get(s, "first"); err != nil {
			t.Error(err)
		}
		for who := map[string]bool{}; len(who) < 2; { // Go and Python
			who[<-asked] = true
		}
	})
	for name, keys := range map[string]string{"an issuer's discovery": "", "an issuer's keys": "/keys", "an issuer that names others' keys": inside.URL + "/keys"} {
		t.Run(name, func(t *testing.T) {
			url, ca := serveTLS(t, func(url string) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if keys == "" || r.URL.Path == "/keys" {
						leads(w, r)
						return
					}
					at := keys
					if at[0] == '/' {
						at = url + at
					}
					json.NewEncoder(w).Encode(map[string]string{"issuer": url, "jwks_uri": at})
				}
			})
			issuer.URL = url
			s := startServer(t, noModel, "--oidc-issuer="+url, "--oidc-audience="+issuertest.Audience, "--oidc-ca="+ca)
			if got := postJSON(t, s.url+"/api/FraudActivity", issuer.Token(t, "user", map[string]any{"roles": "admin"}), "nobody"); got.reason != "ISSUER_UNAVAILABLE" {
				t.Errorf("%+v", got)
			}
		})
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("the port inside was asked %d times", n)
	}
}
