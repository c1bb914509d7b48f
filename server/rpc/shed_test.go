package rpc

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// underPressure is the edge while the processors keep up with nothing at all.
func underPressure(t *testing.T) *httptest.Server {
	t.Helper()
	p := &Pressure{}
	p.of("").refused.Store(1 << 16) // of keys that are not known
	return edge(t, Config{Pressure: p, Callers: &access.Callers{Keys: keyring(t, someKeys{})}})
}

func edge(t *testing.T, cfg Config) *httptest.Server {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	server := httptest.NewUnstartedServer(NewHandler(cfg))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// someKeys are a store of keys.
type someKeys struct {
	fraud.Keys
	some []fraud.Key
}

func (s someKeys) ListKeys(context.Context) ([]fraud.Key, error)         { return s.some, nil }
func (s someKeys) TouchKeys(context.Context, map[string]time.Time) error { return nil }

func keyring(t *testing.T, store fraud.Keys) *access.Keyring {
	t.Helper()
	keys, err := access.OpenKeyring(t.Context(), store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keys.Close)
	return keys
}

// TestWhoKnowsAKeysIDAloneUsesUpNothingOfIts floods in another's name: its ID stands in
// logs and is no secret.
func TestWhoKnowsAKeysIDAloneUsesUpNothingOfIts(t *testing.T) {
	p := &Pressure{}
	server := edge(t, Config{Pressure: p, Callers: &access.Callers{
		Keys: keyring(t, someKeys{some: []fraud.Key{{ID: "id", Role: "analyst", Hash: sha256.Sum256([]byte("secret"))}}})}})
	for _, of := range []string{"", "id"} {
		p.of(of).refused.Store(1 << 16) // so that no call goes on from there
	}
	for key, counted := range map[string]string{"brrr_id_guess": "", "brrr_id_": "", "brrr_other_secret": "", "nonsense": "", "brrr_id_secret": "id"} {
		before := p.of(counted).calls.Load()
		service := fraudactivityv1connect.NewFraudActivityServiceClient(server.Client(), server.URL, connect.WithInterceptors(showing(key)))
		_, err := service.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "x"})
		wantTooMuch(t, err)
		if n := p.of(counted).calls.Load() - before; n != 1 {
			t.Errorf("%d calls with %s count as those of %q", n, key, counted)
		}
	}
}

func TestEarlyRefusalsTellEveryProtocolWhyAndWhen(t *testing.T) {
	server := underPressure(t)
	h2c := &http.Client{Transport: &http.Transport{Protocols: new(http.Protocols)}}
	h2c.Transport.(*http.Transport).Protocols.SetUnencryptedHTTP2(true)
	for name, over := range map[string]struct {
		client  *http.Client
		options []connect.ClientOption
	}{
		"Connect":                {h2c, nil},
		"Connect over HTTP/1.1":  {server.Client(), nil},
		"Connect JSON":           {server.Client(), []connect.ClientOption{connect.WithProtoJSON()}},
		"gRPC":                   {h2c, []connect.ClientOption{connect.WithGRPC()}},
		"gRPC-Web":               {h2c, []connect.ClientOption{connect.WithGRPCWeb()}},
		"gRPC-Web over HTTP/1.1": {server.Client(), []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		t.Run(name, func(t *testing.T) {
			service := fraudactivityv1connect.NewFraudActivityServiceClient(over.client, server.URL, append(over.options, connect.WithInterceptors(showing("brrr_id_secret")))...)
			for range 2 { // written, and kept
				_, err := service.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "x"})
				wantTooMuch(t, err)
				_, err = service.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{})
				wantTooMuch(t, err)
			}
		})
	}
}

// showing shows a key with every call.
func showing(key string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+key)
			return next(ctx, req)
		}
	}
}

func wantTooMuch(t *testing.T, err error) {
	t.Helper()
	var reason string
	var after time.Duration
	if failed := new(connect.Error); connect.CodeOf(err) == connect.CodeResourceExhausted && errors.As(err, &failed) {
		for _, detail := range failed.Details() {
			switch d, _ := detail.Value(); d := d.(type) {
			case *errdetails.ErrorInfo:
				reason = d.Reason
			case *errdetails.RetryInfo:
				after = d.RetryDelay.AsDuration()
			}
		}
	}
	if reason != fraud.ReasonQueueFull || after < pressureRetry {
		t.Errorf("got %v with reason %q and retry after %s, want QUEUE_FULL", err, reason, after)
	}
}

func TestEarlyRefusalsAreNamedLikeAll(t *testing.T) {
	server := underPressure(t)
	for range 2 {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+SeedPath, strings.NewReader(`{"transaction_id":"x"}`))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer brrr_id_secret")
		req.Header.Set("X-Request-Id", "mine")
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("X-Request-Id") != "mine" || !strings.Contains(string(body), "QUEUE_FULL") {
			t.Errorf("%s, request ID %q: %s", res.Status, res.Header.Get("X-Request-Id"), body)
		}
	}
}
