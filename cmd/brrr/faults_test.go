package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

func get(s *testServer, id string) error {
	_, err := s.client("client").GetFraudActivity(context.Background(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: id})
	return err
}

// assessments counts what is in the record.
func (s *testServer) assessments(t *testing.T) int {
	t.Helper()
	res, err := s.client("admin").ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return len(res.FraudActivities)
}

func TestWithoutAModelCallsFailAndReadinessSaysSo(t *testing.T) {
	s := startServer(t, noModel)
	s.recordSome(t) // recording needs no model
	wantReason(t, get(s, "first"), connect.CodeUnavailable, "PREDICTOR_UNAVAILABLE")
	wantReason(t, get(s, "nobody"), connect.CodeNotFound, "TRANSACTION_UNKNOWN")
	if n := s.assessments(t); n != 0 {
		t.Errorf("%d assessments are recorded", n)
	}
	_, err := s.client("backend").AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
		TransactionId: "kept", AccountId: "card-1", Amount: 1, Time: at(1_700_000_000)}})
	wantReason(t, err, connect.CodeUnavailable, "PREDICTOR_UNAVAILABLE")
	wantReason(t, get(s, "kept"), connect.CodeUnavailable, "PREDICTOR_UNAVAILABLE") // recorded all the same

	for path, want := range map[string]string{"/healthz": "200 ok", "/readyz": "503 not ready: no model answers"} {
		res, err := http1.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if got := res.Status[:4] + strings.TrimSpace(string(body)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if _, body := post1(t, s.url+"/grpc.health.v1.Health/Check", "", `{}`); !strings.Contains(string(body), "NOT_SERVING") {
		t.Errorf("health: %s", body)
	}
}

func TestAFailingStoreFailsTheCallMaskedAndLeavesNothingHalfWritten(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	execSQL(t, s.data, "ALTER TABLE assessments RENAME TO hidden")
	res, body := post1(t, s.url+"/api/FraudActivity", s.keys["client"], `{"transaction_id":"first"}`)
	if res.StatusCode != 500 || !strings.Contains(string(body), `"reason":"INTERNAL"`) || !strings.Contains(string(body), res.Header.Get("X-Request-Id")) {
		t.Errorf("%s %s, want a masked INTERNAL with the request ID", res.Status, body)
	}
	for _, secret := range []string{"assessments", "SQL", "sqlite", s.data, ".go:"} {
		if strings.Contains(string(body), secret) {
			t.Errorf("the answer tells %q: %s", secret, body)
		}
	}
	execSQL(t, s.data, "ALTER TABLE hidden RENAME TO assessments")
	if n := s.assessments(t); n != 0 {
		t.Errorf("%d assessments are recorded", n)
	}
	if err := get(s, "first"); err != nil {
		t.Errorf("once the store is well again: %v", err)
	}
}

func TestACommitThatFailsAfterThePredictionFailsTheCall(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	execSQL(t, s.data, "CREATE TRIGGER refuse BEFORE INSERT ON assessments BEGIN SELECT RAISE(ABORT, 'no more'); END")
	wantReason(t, get(s, "first"), connect.CodeInternal, "INTERNAL")
	batch, err := s.client("client").BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: []string{"second", "nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := batch.Results[0].GetError().GetReason() + batch.Results[1].GetError().GetReason(); got != "INTERNALTRANSACTION_UNKNOWN" {
		t.Errorf("results %v", batch.Results)
	}
	execSQL(t, s.data, "DROP TRIGGER refuse")
	if n := s.assessments(t); n != 0 {
		t.Errorf("%d assessments are recorded", n)
	}
}

// slowHost is a model's host that holds every prediction until it is let go.
type slowHost struct {
	fraud_detectionconnect.UnimplementedFraudDetectionServiceHandler
	asked, release chan struct{}
	once           sync.Once
}

func (h *slowHost) PredictFraud(ctx context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
	if req.TransactionId != 0 { // 0 is the probe's
		h.once.Do(func() { close(h.asked) })
		select {
		case <-h.release:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId, FraudProbability: 0.25}, nil
}

func startHost(t *testing.T, host fraud_detectionconnect.FraudDetectionServiceHandler) (url string) {
	t.Helper()
	return startLayeredHost(t, host, func(h http.Handler) http.Handler { return h })
}

// startLayeredHost starts a host behind a layer that sees its requests.
func startLayeredHost(t *testing.T, host fraud_detectionconnect.FraudDetectionServiceHandler, layer func(http.Handler) http.Handler) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	path, calls := fraud_detectionconnect.NewFraudDetectionServiceHandler(host)
	mux.Handle(path, layer(calls))
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := httptest.NewUnstartedServer(mux)
	server.Config.Protocols = protocols
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func TestDrainAnswersWhatIsUnderWayAndRefusesTheRest(t *testing.T) {
	host := &slowHost{asked: make(chan struct{}), release: make(chan struct{})}
	s := startServer(t, "--predictor="+startHost(t, host))
	s.awaitModel(t)
	s.recordSome(t)
	answered := make(chan error, 1)
	go func() { answered <- get(s, "first") }()
	<-host.asked
	closed := make(chan error, 1)
	go func() { closed <- s.close(20 * time.Second) }()
	for s.ready() == nil { // draining is told at once
		runtime.Gosched()
	}
	for { // and the door is closed
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
	}
	close(host.release)
	if err := <-answered; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestACallersDeadlineHoldsWhileTheModelIsSlow(t *testing.T) {
	host := &slowHost{asked: make(chan struct{}), release: make(chan struct{})}
	s := startServer(t, "--predictor="+startHost(t, host))
	defer close(host.release)
	s.awaitModel(t)
	s.recordSome(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.client("client").GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
	if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
		t.Errorf("got %v", err)
	}
	// A caller that leaves the deadline to the server gets the server's.
	s2 := startServer(t, "--predictor="+startHost(t, host), "--deadline=50ms")
	s2.awaitModel(t)
	s2.recordSome(t)
	_, err = client.New(s2.url, s2.keys["client"], client.WithDeadline(0)).GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
	wantReason(t, err, connect.CodeDeadlineExceeded, "DEADLINE_EXCEEDED")
}

func TestAUnaryHostIsRecordedUnderTheConfiguredVersion(t *testing.T) {
	host := &slowHost{asked: make(chan struct{}), release: make(chan struct{})}
	close(host.release)
	s := startServer(t, "--predictor="+startHost(t, host), "--predictor-version=their-model-7")
	s.awaitModel(t)
	s.recordSome(t)
	full, err := s.client("admin").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first", View: fraudactivityv1.View_VIEW_FULL})
	if err != nil || full.FraudProbability != 25 || full.Assessment.ModelVersion != "their-model-7" || full.Assessment.Threshold != nil {
		t.Errorf("got %v, %v", full, err)
	}
	_, err = s.client("admin").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first", View: fraudactivityv1.View_VIEW_EXPLAINED})
	wantReason(t, err, connect.CodeUnimplemented, "UNIMPLEMENTED")
}

func TestNoSecretReachesTheLog(t *testing.T) {
	var log bytes.Buffer
	c := parseServe(t, t.TempDir(), noModel)
	app, err := c.start(t.Context(), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	token := newKey(t, app.store, "client")
	service := client.New(app.url, token)
	service.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "x"})
	service.GetModel(t.Context(), &fraudactivityv1.GetModelRequest{})
	client.New(app.url, token+"x").GetModel(t.Context(), &fraudactivityv1.GetModelRequest{})
	if err := app.close(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	id, secret, _ := strings.Cut(strings.TrimPrefix(token, "brrr_"), "_")
	if text := log.String(); strings.Contains(text, secret) || !strings.Contains(text, id) || !strings.Contains(text, "PERMISSION_DENIED") {
		t.Errorf("want refusals by key ID and no secret:\n%s", text)
	}
}
