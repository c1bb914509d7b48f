package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestAHostIsKnownByItsName reaches a real host in Python whose certificate has
// another name than its address, with servers that do and do not know that.
func TestAHostIsKnownByItsName(t *testing.T) {
	t.Parallel()
	hosts, gateways, others := newAuthority(t, "hosts"), newAuthority(t, "gateways"), newAuthority(t, "gateways")
	folder := t.TempDir()
	ca := write(t, filepath.Join(folder, "hosts.pem"), hosts.pem)
	cert, key := hosts.issue(named("model.example")).files(t, t.TempDir())
	address := freeAddress(t)
	startTLSHost(t, address, cert, key, write(t, filepath.Join(folder, "gateways.pem"), gateways.pem))
	showing := func(i issued) []string {
		cert, key := i.files(t, t.TempDir())
		return []string{"--predictor=https://" + address, "--predictor-cert=" + cert, "--predictor-key=" + key}
	}
	right := append(showing(gateways.issue()), "--predictor-ca="+ca, "--predictor-server-name=model.example")
	s := startServer(t, right...)
	s.awaitModel(t)
	for name, c := range map[string]struct {
		flags []string
		says  string
	}{
		"the address as its name":            {append(showing(gateways.issue()), "--predictor-ca="+ca), "cannot validate certificate for 127.0.0.1"},
		"the system's authorities":           {append(showing(gateways.issue()), "--predictor-server-name=model.example"), "unknown authority"},
		"a certificate of another authority": {append(showing(others.issue()), "--predictor-ca="+ca, "--predictor-server-name=model.example"), "does not take our certificate"},
		"an expired certificate":             {append(showing(gateways.issue(expired)), "--predictor-ca="+ca, "--predictor-server-name=model.example"), "does not take our certificate"},
		"no certificate":                     {[]string{"--predictor=https://" + address, "--predictor-ca=" + ca, "--predictor-server-name=model.example"}, "does not take our certificate"},
	} {
		log := &spoken{}
		app, err := parseServe(t, t.TempDir(), c.flags...).start(t.Context(), log.logger())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { app.close(time.Second) })
		await(t, name+" in the log", func() bool {
			_, said, _ := strings.Cut(log.String(), `level=WARN msg="predictor not ready"`)
			return strings.Contains(said, c.says)
		})
		other := &testServer{app: app, keys: map[string]string{"backend": newKey(t, app.store, "backend")}}
		_, err = other.client("backend").AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{
			Transaction: &fraudactivityv1.Transaction{TransactionId: "t-1", AccountId: "card-1", Amount: 1, Currency: "EUR", Time: at(1_700_000_000)}})
		wantReason(t, err, connect.CodeUnavailable, "PREDICTOR_UNAVAILABLE")
	}
}
