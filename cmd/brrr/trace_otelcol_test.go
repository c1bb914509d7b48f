package main

import (
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestTracesPassThroughOpenTelemetrysCollector has spans of the caller, of the server
// and of the Python process go to OpenTelemetry's own collector, and reads them as it
// passes them on. It is not parallel: to build the collector takes both processors for
// a minute, once.
func TestTracesPassThroughOpenTelemetrysCollector(t *testing.T) {
	received := startSpanCollector(t)
	collector := startOtelcol(t, received.URL)
	s := startServer(t, "--trace-endpoint="+collector, "--trace-sample=0", "--trace-follow=10000", "--max-wait=30s")
	s.awaitModel(t)
	s.recordSome(t)
	by := newTracedCaller(t, collector)
	ctx, root := by.begin(t.Context())
	_, err := client.New(s.url, s.keys["backend"], carried).GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
	root.End()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(draw(received.awaitWay(t, root.SpanContext())))
	batchesLinkToTheirCallers(t, s, received, by)
	received.mu.Lock()
	defer received.mu.Unlock()
	for _, head := range received.heads {
		if !strings.HasPrefix(head.Get("User-Agent"), "otelcol/") {
			t.Errorf("spans came past the collector, from %s", head.Get("User-Agent"))
		}
	}
}
