package rpc_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/tracing"
)

// BenchmarkTraced is BenchmarkGet's json without traces, with as many as by default,
// and with all of them, sent to a collector that takes them.
func BenchmarkTraced(b *testing.B) {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer collector.Close()
	for _, bench := range []struct {
		name   string
		sample float64
	}{{"off", -1}, {"none-sampled", 0}, {"1-percent", 0.01}, {"all", 1}} {
		b.Run(bench.name, func(b *testing.B) {
			var tracer fraud.Tracer
			if bench.sample >= 0 {
				opened, err := tracing.Open(tracing.Options{Endpoint: collector.URL, Sample: bench.sample, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					b.Fatal(err)
				}
				defer opened.Close(context.Background())
				tracer = opened
			}
			handler, key := newTracedEdge(b, tracer)
			serveMany(b, handler, fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure, "application/json", key, []byte(`{"transaction_id":"Y12a34x56"}`))
		})
	}
}
