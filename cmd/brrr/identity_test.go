package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// whoAmI asks over every protocol, once each.
func whoAmI(t *testing.T, s *testServer, token string) map[string]error {
	t.Helper()
	came := map[string]error{}
	for over, dial := range streamed {
		_, came[over] = dial(s.url, token).GetCaller(t.Context(), &fraudactivityv1.GetCallerRequest{})
	}
	return came
}

// TestARightThatEndsEndsCallsAndStreams has a key revoked, a key expire and a token
// expire, under streams of every protocol. That takes 300 ms until it is seen (shown on
// fake time, in server/access) and 500 ms until a stream is reviewed.
func TestARightThatEndsEndsCallsAndStreams(t *testing.T) {
	t.Parallel()
	s, issuer := startWithIssuer(t, "--oidc-clock-skew=0s")
	soon := time.Now().Add(6 * time.Second).Truncate(time.Second)
	rights := map[string]string{
		"revoked key": newKey(t, s.store, "analyst"),
		"expired key": newKeyUntil(t, s, soon),
		"expired JWT": issuer.Token(t, "analyst", map[string]any{"roles": "analyst", "exp": soon.Unix()}),
	}
	viewers := map[string]*viewer{}
	for name, token := range rights {
		for over, err := range whoAmI(t, s, token) {
			if err != nil {
				t.Fatalf("%s over %s, while it opens: %v", name, over, err)
			}
			viewers[name+" over "+over] = s.tryWatch(t, over, token, &watchRequest{})
		}
	}
	for name, v := range viewers {
		if _, ok := <-v.messages; !ok {
			t.Fatalf("%s: the stream did not begin: %v", name, v.err)
		}
	}
	if _, err := s.store.RevokeKey(t.Context(), strings.Split(rights["revoked key"], "_")[1], time.Now(), "user:test"); err != nil {
		t.Fatal(err)
	}
	for name, v := range viewers {
		for range v.messages { // until it ends
		}
		if connect.CodeOf(v.err) != connect.CodeUnauthenticated || client.Reason(v.err) != "UNAUTHENTICATED" {
			t.Errorf("%s: ended with %v", name, v.err)
		}
	}
	for name, token := range rights {
		for over, err := range whoAmI(t, s, token) {
			if connect.CodeOf(err) != connect.CodeUnauthenticated || client.Reason(err) != "UNAUTHENTICATED" {
				t.Errorf("%s over %s, afterwards: %v", name, over, err)
			}
		}
	}
}

func newKeyUntil(t *testing.T, s *testServer, end time.Time) string {
	t.Helper()
	token := newKey(t, s.store, "analyst")
	execSQL(t, s.data, "UPDATE keys SET expires_at = ? WHERE key_id = ?", end.UnixMicro(), strings.Split(token, "_")[1])
	return token
}

// TestTheIssuersKeysAreRotatedUnderLoad has callers of every protocol call on, half of
// them with a token of the old key, while the issuer signs with a new one and goes down.
func TestTheIssuersKeysAreRotatedUnderLoad(t *testing.T) {
	t.Parallel()
	s, issuer := startWithIssuer(t)
	var token atomic.Pointer[string] // what callers are given now
	issue := func() {
		fresh := issuer.Token(t, fmt.Sprint("user-", time.Now().UnixNano()), map[string]any{"roles": "client"})
		token.Store(&fresh)
	}
	issue()
	old := *token.Load()
	ctx, stop := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	var calls atomic.Int64
	for _, dial := range streamed {
		for _, held := range []bool{true, false} {
			callers.Go(func() {
				for ctx.Err() == nil {
					bears := old
					if !held {
						bears = *token.Load()
					}
					who, err := dial(s.url, bears).GetCaller(ctx, &fraudactivityv1.GetCallerRequest{})
					if ctx.Err() == nil && (err != nil || who.Role != "client") {
						t.Errorf("a call failed: %v, %v", who, err)
						return
					}
					calls.Add(1)
				}
			})
		}
	}
	phase := func(change func()) {
		change()
		for began := calls.Load(); calls.Load() < began+200 && !t.Failed(); {
			issue() // each a token that the server has not seen
		}
	}
	phase(func() {})
	phase(func() { issuer.Rotate(t, "next"); issue() })
	phase(func() { issuer.Down.Store(true) })
	if read := issuer.Read.Load(); read != 2 {
		t.Errorf("the issuer's keys were read %d times for one new key, want 2", read)
	}
	stop()
	callers.Wait()
	t.Logf("%d calls, none failed", calls.Load())
}

// TestFailedSignInsAreHeldUpOverEveryProtocol guesses from one address, with keys and
// with tokens; who is known at that address goes on.
func TestFailedSignInsAreHeldUpOverEveryProtocol(t *testing.T) {
	t.Parallel()
	s, issuer := startWithIssuer(t, "--sign-in-failures=5", "--trusted-proxies=127.0.0.0/8")
	known := map[string]string{"key": s.keys["client"], "JWT": issuer.Token(t, "user", map[string]any{"roles": "client"})}
	for _, token := range known {
		whoAmI(t, s, token)
	}
	stranger := issuertest.NewKey(t, "stranger")
	guesses := []string{"nonsense", "brrr_aaaaaaaaaaaaa_guess", s.keys["client"] + "a",
		issuertest.Sign(t, stranger.Algorithm, stranger.Private, issuer.Key().ID, issuer.Claims("user", nil))}
	for i := range 5 {
		_, err := client.New(s.url, guesses[i%len(guesses)]).GetCaller(t.Context(), &fraudactivityv1.GetCallerRequest{})
		wantReason(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
	}
	method := fraudactivityv1.File_fraudactivity_v1_service_proto.Services().ByName("FraudActivityService").Methods().ByName("GetCaller")
	for over, wire := range wires {
		cell := newCaller(t, s.url, method, wire.http, wire.options)
		for _, guess := range guesses {
			limitedFor(t, cell.send(t, guess, "{}"))
		}
		for what, token := range known {
			if err := cell.send(t, token, "{}"); err != nil {
				t.Errorf("the %s that is known, over %s: %v", what, over, err)
			}
		}
	}
	if status := statusFrom(t, s, guesses[0], ""); status != http.StatusTooManyRequests {
		t.Errorf("the seed's path: %d", status)
	}
	for forwarded, want := range map[string]int{
		"203.0.113.9":                  http.StatusUnauthorized,
		"127.0.0.1, 203.0.113.9":       http.StatusUnauthorized,
		"203.0.113.9, 127.0.0.1, what": http.StatusTooManyRequests, // nonsense: the proxy's own
	} {
		if status := statusFrom(t, s, guesses[0], forwarded); status != want {
			t.Errorf("from %q: %d, want %d", forwarded, status, want)
		}
	}
}

// statusFrom is that of a guess, as a proxy forwards it.
func statusFrom(t *testing.T, s *testServer, guess, forwarded string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/FraudActivity", strings.NewReader(`{"transaction_id":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+guess)
	if forwarded != "" {
		req.Header.Set("X-Forwarded-For", forwarded)
	}
	res, err := http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func TestFlagsOfIdentityNameEachMistake(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		says  []string
	}{
		"no issuer":     {[]string{"--oidc-audience=a"}, []string{"nothing without --oidc-issuer"}},
		"plain issuer":  {[]string{"--oidc-issuer=http://id.example", "--oidc-audience=a"}, []string{"--oidc-issuer: must be an https URL"}},
		"all at once":   {[]string{"--oidc-issuer=https://u:p@id.example", "--oidc-role-map=x=root", "--oidc-clock-skew=1h", "--sign-in-failures=-1", "--trusted-proxies=here"}, []string{"--oidc-issuer:", "--oidc-audience:", "--oidc-role-map:", "--oidc-clock-skew:", "--sign-in-failures", "--trusted-proxies"}},
		"no role claim": {[]string{"--oidc-issuer=https://id.example", "--oidc-audience=a", "--oidc-role-claim="}, []string{"--oidc-role-claim:"}},
	} {
		code, out, errs := command(t, append([]string{"serve", "--data=" + t.TempDir(), "--listen=127.0.0.1:0", "--admin-listen=", noModel}, c.flags...)...)
		for _, says := range c.says {
			if code != exitUsage || !strings.Contains(out+errs, says) {
				t.Errorf("%s: exit %d, %s%s; want …%s…", name, code, out, errs, says)
			}
		}
	}
}
