package predictor_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// host is a model's host in Go. What is nil is answered with UNIMPLEMENTED.
type host struct {
	model   func() (*fraud_detection.GetModelResponse, error)
	one     func(context.Context, *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error)
	batch   func(context.Context, *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error)
	explain func(context.Context, *fraud_detection.ExplainFraudBatchRequest) (*fraud_detection.ExplainFraudBatchResponse, error)
}

var unimplemented fraud_detectionconnect.UnimplementedFraudDetectionServiceHandler

func (h *host) GetModel(ctx context.Context, req *fraud_detection.GetModelRequest) (*fraud_detection.GetModelResponse, error) {
	if h.model == nil {
		return unimplemented.GetModel(ctx, req)
	}
	return h.model()
}

func (h *host) PredictFraud(ctx context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
	if h.one == nil {
		return unimplemented.PredictFraud(ctx, req)
	}
	return h.one(ctx, req)
}

func (h *host) PredictFraudBatch(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	if h.batch == nil {
		return unimplemented.PredictFraudBatch(ctx, req)
	}
	return h.batch(ctx, req)
}

func (h *host) ExplainFraudBatch(ctx context.Context, req *fraud_detection.ExplainFraudBatchRequest) (*fraud_detection.ExplainFraudBatchResponse, error) {
	if h.explain == nil {
		return unimplemented.ExplainFraudBatch(ctx, req)
	}
	return h.explain(ctx, req)
}

// describe answers GetModel with a model that batches and explains.
func describe(version string, facts ...string) func() (*fraud_detection.GetModelResponse, error) {
	return func() (*fraud_detection.GetModelResponse, error) {
		return &fraud_detection.GetModelResponse{Version: version, Facts: facts, Threshold: 0.5,
			Capabilities: []fraud_detection.Capability{
				fraud_detection.Capability_CAPABILITY_PREDICT_BATCH, fraud_detection.Capability_CAPABILITY_EXPLAIN_BATCH}}, nil
	}
}

// thousandth scores each row with a thousandth of its amount.
func thousandth(version string) func(context.Context, *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	return func(_ context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		reply := &fraud_detection.PredictFraudBatchResponse{ModelVersion: version, Threshold: 0.5}
		for _, amount := range req.Columns[0].Values {
			reply.FraudProbabilities = append(reply.FraudProbabilities, amount/1000)
			reply.PredictedLabels = append(reply.PredictedLabels, amount >= 500)
		}
		return reply, nil
	}
}

// good is a host of the version that scores by thousandth.
func good(version string) *host {
	return &host{model: describe(version, "amount"), batch: thousandth(version)}
}

// payments are n rows with the amounts 100, 101 and so on, so that none is the
// pool's own probe, whose amount is 10.
func payments(n int) []fraud.Recorded {
	rows := make([]fraud.Recorded, n)
	for i := range rows {
		rows[i] = fraud.Recorded{Seq: int64(i + 1), Facts: fraud.Facts{
			Amount: float64(100 + i), Time: time.Unix(1_700_000_000+int64(i), 0), AgeOfAccount: int32(86_400*i + 5), NumberOfTransactions: int32(i + 1),
			SecondsSincePrevious: int32(90_000 + i), AmountLastHour: 1000.5 + float64(i), AmountLastDay: 2000.5 + float64(i), AmountLastWeek: 3000.5 + float64(i),
			TransactionsLastWeek: int32(i + 7),
		}}
	}
	return rows
}

// checkThousandths wants each row scored by thousandth.
func checkThousandths(t *testing.T, got fraud.Predictions, rows []fraud.Recorded) {
	t.Helper()
	if len(got.Rows) != len(rows) {
		t.Fatalf("%d predictions for %d rows", len(got.Rows), len(rows))
	}
	for i, row := range rows {
		want := fraud.Prediction{Label: row.Facts.Amount >= 500, Probability: row.Facts.Amount / 1000}
		if got.Rows[i] != want {
			t.Errorf("row %d: %+v, want %+v", i, got.Rows[i], want)
		}
	}
}

// socket is a free address. Paths of sockets are short, those of t.TempDir are not.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "brrr-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return "unix:" + filepath.Join(dir, "s")
}

// start serves h on the address and returns what cuts every connection to it.
func start(t *testing.T, address string, h *host) (kill func()) {
	t.Helper()
	return startHTTP(t, address, h.handler())
}

func (h *host) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(fraud_detectionconnect.NewFraudDetectionServiceHandler(h))
	return mux
}

func startHTTP(t *testing.T, address string, handler http.Handler) (kill func()) {
	t.Helper()
	listener, err := net.Listen("unix", address[len("unix:"):])
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, handler)
}

// serveOn serves on what listens already.
func serveOn(t *testing.T, listener net.Listener, handler http.Handler) (kill func()) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: handler, Protocols: protocols}
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(listener) }()
	kill = func() { server.Close(); <-served }
	t.Cleanup(kill)
	return kill
}

// open opens a pool that probes once and then, ready or not, hardly ever again.
func open(t *testing.T, opts predictor.Options) (*predictor.Pool, *logbook) {
	t.Helper()
	book := newLogbook()
	opts.Log = book.log()
	if opts.WatchEvery == 0 {
		opts.WatchEvery = time.Hour
	}
	pool, err := predictor.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, book
}

// openOn serves h and opens a pool on it that is ready.
func openOn(t *testing.T, h *host, opts predictor.Options) *predictor.Pool {
	t.Helper()
	address := socket(t)
	start(t, address, h)
	opts.Addresses = []string{address}
	pool, book := open(t, opts)
	book.await(t, "predictor ready")
	return pool
}
