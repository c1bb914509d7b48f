package rpc_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

// BenchmarkGet measures what the edge itself costs a call, from the request's
// head to the answer's last byte: no socket, no store and no model. "null" is a
// handler of the same contract without any layer, to compare with.
func BenchmarkGet(b *testing.B) {
	handler, key := newEdge(b)
	nothing := http.NewServeMux()
	nothing.Handle(fraudactivityv1connect.NewFraudActivityServiceHandler(null{}))
	binary, err := proto.Marshal(&fraudactivityv1.GetFraudActivityRequest{TransactionId: "Y12a34x56"})
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(`{"transaction_id":"Y12a34x56"}`)
	for _, bench := range []struct {
		name, path, kind string
		body             []byte
	}{
		{"json", fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure, "application/json", text},
		{"rest", rpc.SeedPath, "application/json", text},
		{"proto", fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure, "application/proto", binary},
	} {
		b.Run(bench.name, func(b *testing.B) { serveMany(b, handler, bench.path, bench.kind, key, bench.body) })
		if bench.name != "rest" {
			b.Run(bench.name+"-null", func(b *testing.B) { serveMany(b, nothing, bench.path, bench.kind, key, bench.body) })
		}
	}
}

func serveMany(b *testing.B, handler http.Handler, path, kind, key string, body []byte) {
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, bytes.NewReader(body))
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Authorization", "Bearer "+key)
		res := discard{header: http.Header{}}
		handler.ServeHTTP(&res, req)
		if res.status != http.StatusOK {
			b.Fatalf("status %d", res.status)
		}
	}
}

// discard is a response that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(status int) {
	if d.status == 0 {
		d.status = status
	}
}
func (d *discard) Write(p []byte) (int, error) { d.WriteHeader(http.StatusOK); return len(p), nil }

// newEdge is the handler over a store and a model that answer at once.
func newEdge(b *testing.B) (handler http.Handler, key string) { return newTracedEdge(b, nil) }

func newTracedEdge(b *testing.B, tracer fraud.Tracer) (handler http.Handler, key string) {
	store := &instant{}
	key, err := access.CreateKey(b.Context(), store, "bench", "backend", 0, "user:bench")
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keyring, err := access.OpenKeyring(b.Context(), store, log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(keyring.Close)
	assessor, err := assess.New(store, store, fraud.Unmetered{}, batch.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return rpc.NewHandler(rpc.Config{Assessor: assessor, Store: store, Predictor: store, Callers: &access.Callers{Keys: keyring},
		Ready: func() error { return nil }, Log: log, Tracer: tracer}), key
}

// instant knows every transaction and has the answer to each.
type instant struct {
	fraud.Store
	keys []fraud.Key
}

func (i *instant) CreateKey(_ context.Context, key fraud.Key, _ string) error {
	i.keys = append(i.keys, key)
	return nil
}
func (i *instant) ListKeys(context.Context) ([]fraud.Key, error) { return i.keys, nil }

func (i *instant) TouchKeys(context.Context, map[string]time.Time) error { return nil }

func (i *instant) Model() (fraud.Model, error) { return fraud.Model{Version: "v1"}, nil }

func (i *instant) LookUp(_ context.Context, ids []string, version string) ([]fraud.LookUpResult, error) {
	results := make([]fraud.LookUpResult, len(ids))
	for n, id := range ids {
		results[n].Transaction = fraud.Recorded{Seq: 1, ID: id}
		results[n].Assessment = &fraud.Assessment{Transaction: results[n].Transaction, ModelVersion: version, Probability: 0.25}
	}
	return results, nil
}

func (i *instant) Predict(context.Context, []fraud.Recorded) (fraud.Predictions, error) {
	return fraud.Predictions{}, nil
}

func (i *instant) Slots() int { return 1 }

func (i *instant) Explain(context.Context, []fraud.Recorded) (fraud.Explanations, error) {
	return fraud.Explanations{}, nil
}

type null struct {
	fraudactivityv1connect.UnimplementedFraudActivityServiceHandler
}

func (null) GetFraudActivity(_ context.Context, req *fraudactivityv1.GetFraudActivityRequest) (*fraudactivityv1.FraudActivity, error) {
	return &fraudactivityv1.FraudActivity{TransactionId: req.TransactionId, FraudProbability: 25}, nil
}
