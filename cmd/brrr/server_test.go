package main

import (
	"connectrpc.com/connect"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// root is the repository's folder: `make test` has set up Python and the
// default model in it.
var root, _ = filepath.Abs("../..")

// testServer is the service as users start it, on a free port.
type testServer struct {
	*app
	data string
	keys map[string]string // token by role
	over *http.Client      // over TLS; nil: in plain
}

// startServer starts brrr serve with further flags, and stops it with the test.
func startServer(t *testing.T, flags ...string) *testServer {
	t.Helper()
	data := t.TempDir()
	app := startOn(t, data, flags...)
	s := &testServer{app: app, data: data, keys: map[string]string{}}
	for _, role := range access.Roles {
		s.keys[role] = newKey(t, app.store, role)
	}
	return s
}

// startOn starts brrr serve on a folder that stays.
func startOn(t *testing.T, data string, flags ...string) *app {
	t.Helper()
	app, err := parseServe(t, data, flags...).start(context.Background(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hangUp(app.url)
		if err := app.close(10 * time.Second); err != nil {
			t.Error(err)
		}
	})
	return app
}

func parseServe(t *testing.T, data string, flags ...string) *serveCmd {
	t.Helper()
	var c struct {
		Serve serveCmd `cmd:""`
	}
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"serve", "--listen=127.0.0.1:0", "--admin-listen=", "--data=" + data, "--predictor-root=" + root}, flags...)
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &c.Serve
}

// testLog is quiet unless BRRR_TEST_LOG is set.
func testLog(t *testing.T) *slog.Logger {
	var to io.Writer = logged
	if os.Getenv("BRRR_TEST_LOG") != "" {
		to = io.MultiWriter(logged, t.Output())
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func newKey(t *testing.T, store fraud.Keys, role string) string {
	t.Helper()
	token, err := access.CreateKey(context.Background(), store, role, role, 0, "user:test")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s *testServer) client(role string) client.Client {
	if s.over != nil {
		return client.NewWithHTTP(s.over, s.url, s.keys[role])
	}
	return client.New(s.url, s.keys[role])
}

// awaitModel waits for the Python process.
func (s *testServer) awaitModel(t *testing.T) {
	t.Helper()
	if err := s.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// recordSome records a few payments of one account, among them demoTransaction.
func (s *testServer) recordSome(t *testing.T) {
	t.Helper()
	var transactions []*fraudactivityv1.Transaction
	for i, id := range []string{"first", "second", demoTransaction} {
		transactions = append(transactions, &fraudactivityv1.Transaction{
			TransactionId: id, AccountId: "card-1", Amount: float64(10 + i), Currency: "EUR", Time: at(1_700_000_000 + int64(i)*3600),
		})
	}
	res, err := s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: transactions})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Results {
		if r.GetStatus() != fraudactivityv1.RecordStatus_RECORD_STATUS_RECORDED {
			t.Fatalf("%s: %v", r.TransactionId, r)
		}
	}
}

// http1 speaks HTTP/1.1 alone, as browsers and curl do without TLS.
var http1 = &http.Client{Transport: func() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{Protocols: protocols}
}()}

func asConnect(err error, to **connect.Error) bool { return errors.As(err, to) }
