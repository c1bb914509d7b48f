package main

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/go-jose/go-jose/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// design is the table of docs/api.md: who may call what. A request is the least that
// its procedure takes, and the reason what becomes of it where no model answers.
var design = map[string]struct{ roles, request, reason string }{
	"GetFraudActivity":         {"client backend analyst admin", `{"transaction_id":"nobody"}`, "TRANSACTION_UNKNOWN"},
	"BatchGetFraudActivity":    {"client backend analyst admin", `{"transaction_ids":["nobody"]}`, ""},
	"AssessTransaction":        {"backend admin", `{"transaction":{"transaction_id":"a-%s","account_id":"a","amount":1,"time":"2026-01-01T00:00:00Z"}}`, "PREDICTOR_UNAVAILABLE"},
	"RecordTransactions":       {"backend admin", `{"transactions":[{"transaction_id":"r-%s","account_id":"a","amount":1,"time":"2026-01-01T00:00:00Z"}]}`, ""},
	"ReportOutcome":            {"analyst admin", `{"transaction_id":"nobody","outcome":"OUTCOME_LABEL_FRAUD","source":"OUTCOME_SOURCE_ANALYST"}`, "TRANSACTION_UNKNOWN"},
	"ListFraudActivity":        {"analyst admin", `{}`, ""},
	"ListLabelledTransactions": {"analyst admin", `{}`, ""},
	"ListOutcomes":             {"analyst admin", `{"transaction_id":"nobody"}`, "TRANSACTION_UNKNOWN"},
	"WatchFraudActivity":       {"analyst admin", `{}`, ""},
	"SummarizeFraudActivity":   {"analyst admin", `{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","buckets":1}`, ""},
	"GetModel":                 {"analyst admin", `{}`, "PREDICTOR_UNAVAILABLE"},
	"GetCaller":                {"client backend analyst admin", `{}`, ""},
}

// credential is what a caller shows, and as which role it is to be let in: "" as none.
type credential struct {
	token string
	role  string
	known bool
}

// startWithIssuer starts a server that believes a real issuer.
func startWithIssuer(t *testing.T, flags ...string) (*testServer, *issuertest.Issuer) {
	t.Helper()
	issuer := issuertest.Start(t)
	return startServer(t, append([]string{noModel, "--oidc-issuer=" + issuer.URL, "--oidc-audience=" + issuertest.Audience}, flags...)...), issuer
}

// allCredentials are all that the design tells apart.
func allCredentials(t *testing.T, s *testServer, issuer *issuertest.Issuer) map[string]credential {
	t.Helper()
	all := map[string]credential{
		"no key":        {},
		"malformed key": {token: "nonsense"},
		"unknown key":   {token: "brrr_aaaaaaaaaaaaa_aaaa"},
		"wrong secret":  {token: s.keys["admin"] + "a"},
		"expired key":   {token: expiredKey(t, s)},
		"revoked key":   {token: revokedKey(t, s)},
	}
	now := time.Now()
	role := func(role string) map[string]any { return map[string]any{"roles": []string{"offline_access", role}} }
	admin := func(more map[string]any) string {
		claims := role("admin")
		for name, value := range more {
			claims[name] = value
		}
		return issuer.Token(t, "user", claims)
	}
	for _, r := range access.Roles {
		all["key of "+r] = credential{s.keys[r], r, true}
		all["JWT of "+r] = credential{issuer.Token(t, "user-"+r, role(r)), r, true}
	}
	good := strings.Split(admin(nil), ".")
	stranger := issuertest.NewKey(t, issuer.Key().ID)
	public, _ := x509.MarshalPKIXPublicKey(issuer.Key().Private.Public())
	claims := issuer.Claims("user", role("admin"))
	for name, token := range map[string]string{
		"another issuer":   admin(map[string]any{"iss": "https://evil.example"}),
		"another audience": admin(map[string]any{"aud": "others"}),
		"wrong signature":  good[0] + "." + good[1] + "." + strings.Split(issuer.Token(t, "another", nil), ".")[2],
		"another's key":    issuertest.Sign(t, stranger.Algorithm, stranger.Private, stranger.ID, claims),
		"expired":          admin(map[string]any{"exp": now.Add(-time.Hour).Unix()}),
		"not yet valid":    admin(map[string]any{"nbf": now.Add(time.Hour).Unix()}),
		"alg none":         base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + good[1] + ".",
		"HS256":            issuertest.Sign(t, jose.HS256, public, issuer.Key().ID, claims),
		"no expiry":        admin(map[string]any{"exp": nil}),
		"cut short":        good[0] + "." + good[1],
	} {
		all["JWT: "+name] = credential{token: token}
	}
	all["JWT of no role"] = credential{issuer.Token(t, "visitor", map[string]any{"roles": "visitor"}), "", true}
	return all
}

func expiredKey(t *testing.T, s *testServer) string {
	t.Helper()
	token, err := access.CreateKey(t.Context(), s.store, "expired", "admin", time.Nanosecond, "user:test")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func revokedKey(t *testing.T, s *testServer) string {
	t.Helper()
	token := newKey(t, s.store, "admin")
	if _, err := s.store.RevokeKey(t.Context(), strings.Split(token, "_")[1], time.Now(), "user:test"); err != nil {
		t.Fatal(err)
	}
	return token
}

// wires are the ways to call any procedure.
var wires = map[string]struct {
	http    connect.HTTPClient
	options []connect.ClientOption
	reads   bool // only procedures without side effects
}{
	"gRPC":                   {h2c, []connect.ClientOption{connect.WithGRPC()}, false},
	"gRPC-Web, HTTP/1.1":     {http1, []connect.ClientOption{connect.WithGRPCWeb()}, false},
	"gRPC-Web, HTTP/2":       {h2c, []connect.ClientOption{connect.WithGRPCWeb()}, false},
	"Connect, HTTP/1.1":      {http1, nil, false},
	"Connect JSON, HTTP/1.1": {http1, []connect.ClientOption{connect.WithProtoJSON()}, false},
	"Connect, HTTP/2":        {h2c, nil, false},
	"Connect GET, HTTP/1.1":  {http1, []connect.ClientOption{connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects)}, true},
	"Connect GET, HTTP/2":    {h2c, []connect.ClientOption{connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects)}, true},
}

// h2c speaks HTTP/2 alone, without TLS.
var h2c = &http.Client{Transport: func() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{Protocols: protocols, DialContext: followed(new(net.Dialer).DialContext)}
}()}

// TestTheMatrixOfWhoMayDoWhat calls every procedure with every credential over every
// wire, and wants exactly what the design says.
func TestTheMatrixOfWhoMayDoWhat(t *testing.T) {
	s, issuer := startWithIssuer(t, "--sign-in-failures=0", "--key-streams=0")
	shown := allCredentials(t, s, issuer)
	methods := fraudactivityv1.File_fraudactivity_v1_service_proto.Services().ByName("FraudActivityService").Methods()
	if methods.Len() != len(design) {
		t.Errorf("the contract has %d procedures, the design %d", methods.Len(), len(design))
	}
	t.Run("wires", func(t *testing.T) {
		for over, wire := range wires {
			t.Run(over, func(t *testing.T) {
				t.Parallel()
				for i := range methods.Len() {
					if method := methods.Get(i); !wire.reads || isRead(method) {
						cell := newCaller(t, s.url, method, wire.http, wire.options)
						checkProcedure(t, over, method, shown, cell)
					}
				}
			})
		}
		t.Run("REST", func(t *testing.T) {
			t.Parallel()
			checkREST(t, s.url, shown)
		})
		for _, over := range []string{"gRPC, grpc-go", "gRPC, buf curl by reflection", "gRPC-Web, TypeScript (connect-web)", "gRPC, TypeScript (connect-node)"} {
			t.Run(over, func(t *testing.T) {
				t.Parallel()
				checkForeign(t, over, s.url, shown)
			})
		}
	})
	refusedLeftNothing(t, s)
}

func isRead(method protoreflect.MethodDescriptor) bool {
	return method.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// wantOf is what becomes of a call: code and reason.
func (c credential) wantOf(procedure string) (code, reason string) {
	row := design[procedure]
	switch {
	case !c.known:
		return "unauthenticated", "UNAUTHENTICATED"
	case c.role == "" || !strings.Contains(row.roles, c.role):
		return "permission_denied", "PERMISSION_DENIED"
	}
	return map[string]string{"": "", "PREDICTOR_UNAVAILABLE": "unavailable", "TRANSACTION_UNKNOWN": "not_found"}[row.reason], row.reason
}

func checkProcedure(t *testing.T, over string, method protoreflect.MethodDescriptor, shown map[string]credential, call caller) {
	t.Helper()
	procedure := string(method.Name())
	for name, c := range shown {
		mark := "ok"
		code, reason := c.wantOf(procedure)
		if refused := reason == "UNAUTHENTICATED" || reason == "PERMISSION_DENIED"; refused {
			mark = "refused"
			// What nobody can decode: who refuses it for another reason than its body has
			// not looked at it, so that no procedure can have.
			wantAnswer(t, fmt.Sprintf("%s over %s with %s, body unread", procedure, over, name), answerOf(call.garbage(t, c.token)), code, reason, c)
		}
		body := design[procedure].request
		if strings.Contains(body, "%s") {
			body = fmt.Sprintf(body, mark)
		}
		wantAnswer(t, fmt.Sprintf("%s over %s with %s", procedure, over, name), answerOf(call.send(t, c.token, body)), code, reason, c)
	}
}

func wantAnswer(t *testing.T, what string, got answer, code, reason string, c credential) {
	t.Helper()
	if got.code != code || got.reason != reason {
		t.Errorf("%s: %q, %q (%s), want %q, %q", what, got.code, got.reason, got.message, code, reason)
	}
	if c.token != "" && strings.Contains(got.message, c.token) {
		t.Errorf("%s: the answer tells the credential", what)
	}
	if c.known && c.role == "" && !strings.Contains(got.message, `claim "roles"`) {
		t.Errorf("%s: %q does not name the claim", what, got.message)
	}
}

func checkREST(t *testing.T, url string, shown map[string]credential) {
	t.Helper()
	for name, c := range shown {
		code, reason := c.wantOf("GetFraudActivity")
		wantAnswer(t, "REST with "+name, postJSON(t, url+"/api/FraudActivity", c.token, "nobody"), code, reason, c)
		if reason == "UNAUTHENTICATED" {
			_, raw := post1(t, url+"/api/FraudActivity", c.token, "{")
			wantAnswer(t, "REST, body unread, with "+name, jsonError(t, raw), code, reason, c)
		}
	}
}

// checkForeign asks with other clients than ours; those that are processes cost half a
// second a call, so not with every credential.
func checkForeign(t *testing.T, over, url string, shown map[string]credential) {
	t.Helper()
	for name, c := range shown {
		if over == "gRPC, grpc-go" || name == "JWT of client" || name == "JWT: expired" {
			code, reason := c.wantOf("GetFraudActivity")
			wantAnswer(t, over+" with "+name, protocols[over](t, url, c.token, "nobody"), code, reason, c)
		}
	}
}

// refusedLeftNothing reads the store: of all calls that record, those that were let in
// left their one transaction.
func refusedLeftNothing(t *testing.T, s *testServer) {
	t.Helper()
	for id, want := range map[string]bool{"a-ok": true, "r-ok": true, "a-refused": false, "r-refused": false} {
		_, err := s.client("analyst").ListOutcomes(t.Context(), &fraudactivityv1.ListOutcomesRequest{TransactionId: id})
		if recorded := err == nil; recorded != want {
			t.Errorf("%s recorded: %v, want %v (%v)", id, recorded, want, err)
		}
	}
}

// TestAnIssuerWithACertificateOfItsOwn reaches one whose CA no system knows.
func TestAnIssuerWithACertificateOfItsOwn(t *testing.T) {
	issuer, ca := startIssuerTLS(t)
	for name, c := range map[string]struct {
		flags []string
		code  connect.Code
	}{"its CA": {[]string{"--oidc-ca=" + ca}, 0}, "no CA": {nil, connect.CodeUnavailable}} {
		s := startServer(t, append(c.flags, noModel, "--oidc-issuer="+issuer.URL, "--oidc-audience="+issuertest.Audience,
			"--oidc-role-claim=realm_access.roles", "--oidc-role-map=risk-team=analyst;risk-bots=client")...)
		s.keys["user"] = issuer.Token(t, "user", map[string]any{"name": "Ann", "realm_access": map[string]any{"roles": []string{"risk-bots", "risk-team"}}})
		who, err := s.client("user").GetCaller(briefly(t), &fraudactivityv1.GetCallerRequest{})
		if c.code != 0 {
			wantReason(t, err, c.code, "ISSUER_UNAVAILABLE")
			continue
		}
		if err != nil || who.KeyId != "oidc:user" || who.Name != "Ann" || who.Role != "analyst" {
			t.Errorf("%s: %v, %v", name, who, err)
		}
	}
}
