package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// secrets are all that one run handles, by name.
type secrets map[string]string

// findIn fails for each secret that stands in what leaves the processes.
func (s secrets) findIn(t *testing.T, what string, content []byte) {
	t.Helper()
	for name, secret := range s {
		if i := bytes.Index(content, []byte(secret)); i >= 0 {
			t.Errorf("%s has %s: …%.100q…", what, name, content[max(0, i-40):])
		}
	}
}

// TestNoSecretLeavesTheProcesses runs the real service with all that is secret, does
// with each what is right and what is wrong, and looks for it wherever something
// comes out: answers, log, metrics, profiles, traces, lists of processes, what commands
// say, files.
func TestNoSecretLeavesTheProcesses(t *testing.T) {
	r := startSecretive(t)
	r.callAround(t)
	r.known.findIn(t, "the answers", r.answers.Bytes())
	for _, path := range []string{"metrics", "debug/pprof/goroutine?debug=2", "debug/pprof/heap", "debug/pprof/allocs?debug=1", "debug/pprof/cmdline"} {
		res, err := http1.Get(r.adminURL + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		content, _ := httputil.DumpResponse(res, true)
		res.Body.Close()
		r.known.findIn(t, path, content)
	}
	r.findInProcesses(t)
	r.findInCommands(t)
	r.server.stop()
	r.findInTraces(t)
	log := r.server.words()
	r.known.findIn(t, "the log", []byte(log))
	if refusals := strings.Count(log, "call failed"); refusals < 3*len(r.tokens) {
		t.Errorf("the log tells of %d refusals only", refusals)
	}
	findInFiles(t, r.known, r.data)
}

// secretive is a server as a process, and all that it is to keep to itself.
type secretive struct {
	server        *process
	data          string
	url, adminURL string
	flags         []string // of its settings
	http          *http.Client
	tokens        map[string]string // by how they are to fare
	known         secrets
	answers       bytes.Buffer
	traces        *spanCollector
}

func startSecretive(t *testing.T) *secretive {
	t.Helper()
	ca, issuer := newAuthority(t, "the CA"), issuertest.Start(t)
	shown := ca.issue()
	cert, key := shown.files(t, t.TempDir())
	r := &secretive{data: t.TempDir(), tokens: map[string]string{}, known: secrets{}, traces: startSpanCollector(t)}
	store := openStoreIn(t, r.data)
	for _, role := range access.Roles {
		r.tokens[role] = newKey(t, store, role)
	}
	store.Close()
	r.tokens["JWT"] = issuer.Token(t, "user", map[string]any{"roles": "admin"})
	r.tokens["wrong key"] = r.tokens["admin"][:len(r.tokens["admin"])-26] + strings.Repeat("b", 26)
	r.tokens["wrong JWT"] = issuer.Token(t, "user", map[string]any{"aud": "others"})
	for name, token := range r.tokens {
		r.known["the secret of "+name] = token[len(token)-40:]
	}
	block, _ := pem.Decode(shown.key)
	r.known["the private key"] = strings.Split(string(shown.key), "\n")[1]
	r.known["the private key, as bytes"] = string(block.Bytes)
	for _, name := range []string{"the header for the collector", "a header for another collector", "a password"} {
		r.known[name] = rand.Text()
	}
	listen, admin := freeAddress(t), freeAddress(t)
	r.url, r.adminURL = "https://"+listen, "http://"+admin
	t.Setenv("BRRR_KEY", r.tokens["admin"]) // of somebody who also uses the client commands
	t.Setenv("BRRR_TRACE_HEADERS_FILE", writeFile(t, "headers", "X-Api-Key: "+r.known["the header for the collector"]+"\n"))
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-other="+r.known["a header for another collector"]) // of other programs
	r.flags = []string{"--admin-listen=" + admin, "--log-level=debug", "--tls-cert=" + cert, "--tls-key=" + key,
		"--oidc-issuer=" + issuer.URL, "--oidc-audience=" + issuertest.Audience, "--trace-endpoint=" + r.traces.URL, "--trace-sample=1"}
	r.server = newServer(t, r.data, t.TempDir(), listen, r.flags...)
	r.server.keepAll = true
	r.server.start()
	r.http = overTLS(t, (*http.Protocols).SetHTTP2, &tls.Config{RootCAs: pool(ca)})
	await(t, "readiness", func() bool {
		res, err := r.http.Get(r.url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return r
}

// callAround calls with each token in every protocol, rightly and wrongly.
func (r *secretive) callAround(t *testing.T) {
	t.Helper()
	for name, token := range r.tokens {
		for _, options := range [][]connect.ClientOption{nil, {connect.WithGRPC()}, {connect.WithGRPCWeb()}} {
			c := client.NewWithHTTP(r.http, r.url, token, append(options, client.WithRetries(0))...)
			recorded, err := c.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
				TransactionId: "t-" + strings.ReplaceAll(name, " ", "-"), AccountId: "a", Amount: 1, Time: at(1_700_000_000)}})
			fmt.Fprintln(&r.answers, recorded, err)
			_, err = c.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "not an id"})
			fmt.Fprintln(&r.answers, err)
			who, err := c.GetCaller(t.Context(), nil)
			fmt.Fprintln(&r.answers, who, err)
		}
		r.post(t, "/api/FraudActivity", token, `{"transaction_id":`)
		r.post(t, "/api/FraudActivity", token, `{"transaction_id":"nobody"}`)
		r.post(t, "/nowhere", token, "")
	}
}

// post keeps the whole answer.
func (r *secretive) post(t *testing.T, path, token, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	res, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := httputil.DumpResponse(res, true)
	if err != nil {
		t.Fatal(err)
	}
	r.answers.Write(answer)
}
