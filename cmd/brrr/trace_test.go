package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.opentelemetry.io/otel/trace"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

const (
	getMethod    = "fraudactivity.v1.FraudActivityService/GetFraudActivity"
	assessMethod = "fraudactivity.v1.FraudActivityService/AssessTransaction"
	batchMethod  = "fraud_detection.FraudDetectionService/PredictFraudBatch"
)

// TestTracesReadFromTheCallerToTheModelAndBack traces calls of the real processes.
func TestTracesReadFromTheCallerToTheModelAndBack(t *testing.T) {
	t.Parallel()
	received := startSpanCollector(t)
	headers := writeFile(t, "headers", "# for the collector\nAuthorization: Bearer for-the-collector\n")
	s := startServer(t, "--trace-endpoint="+received.URL, "--trace-sample=0", "--trace-follow=10000", "--trace-headers-file="+headers,
		"--max-wait=30s") // a call that is refused and repeated has two spans
	s.awaitModel(t)
	s.recordSome(t)
	by := newTracedCaller(t, received.URL)
	for protocol, c := range map[string]struct {
		client client.Client
		id     string
		system string
	}{
		"gRPC":     {client.New(s.url, s.keys["backend"], carried, connect.WithGRPC()), "first", "grpc"},
		"gRPC-Web": {client.NewWithHTTP(http1, s.url, s.keys["backend"], carried, connect.WithGRPCWeb()), "second", "grpc"},
		"Connect":  {client.NewWithHTTP(http1, s.url, s.keys["backend"], carried, connect.WithProtoJSON()), demoTransaction, "connectrpc"},
	} {
		t.Run(protocol, func(t *testing.T) {
			ctx, root := by.begin(t.Context())
			_, err := c.client.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: c.id})
			root.End()
			if err != nil {
				t.Fatal(err)
			}
			spans := received.awaitWay(t, root.SpanContext())
			if got := spans["brrr: "+getMethod].text("rpc.system.name"); got != c.system {
				t.Errorf("spoke %q, want %q", got, c.system)
			}
			if os := spans["brrr: batch"]; os.text("brrr.rows") != "1" || os.text("brrr.model_version") == "" {
				t.Errorf("batch of %v", os.Attributes)
			}
			t.Log(draw(spans))
		})
	}
	t.Run("a batch links to those it carries", func(t *testing.T) { batchesLinkToTheirCallers(t, s, received, by) })
	t.Run("failures", func(t *testing.T) { failuresAreTold(t, s, received, by) })
	t.Run("no secrets", func(t *testing.T) { nothingSecretIsSent(t, s, received) })
}

// way is every span of a call that the model is asked for, with its parent.
var way = map[string]string{
	"brrr: " + getMethod: "caller", "brrr: gate": "brrr: " + getMethod, "brrr: queue": "brrr: " + getMethod, "brrr: batch": "brrr: " + getMethod,
	"brrr: lookup": "brrr: batch", "brrr: predict": "brrr: batch", "brrr: record": "brrr: batch", "brrr: " + batchMethod: "brrr: predict",
	"brrr-predictor: " + batchMethod: "brrr: " + batchMethod, "brrr-predictor: decode": "brrr-predictor: " + batchMethod,
	"brrr-predictor: predict": "brrr-predictor: " + batchMethod, "brrr-predictor: encode": "brrr-predictor: " + batchMethod,
}

// awaitWay waits for a call's whole way, and checks that each part is within its
// parent, in time as in name.
func (c *spanCollector) awaitWay(t *testing.T, root trace.SpanContext) map[string]taken {
	t.Helper()
	await(t, "a trace of "+fmt.Sprint(len(way)+1)+" spans", func() bool {
		return len(c.of(root.TraceID().String())) > len(way)
	})
	spans := map[string]taken{}
	for name, all := range c.of(root.TraceID().String()) {
		if len(all) != 1 {
			t.Fatalf("%d spans %s", len(all), name)
		}
		if bytes.Equal(all[0].SpanId, idOf(root)) {
			name = "caller"
		}
		spans[name] = all[0]
	}
	for name, above := range way {
		s, parent := spans[name], spans[above]
		switch {
		case s.Span == nil:
			t.Errorf("no span %s among %d", name, len(spans))
		case !bytes.Equal(s.ParentSpanId, parent.SpanId):
			t.Errorf("%s is not below %s", name, above)
		case s.StartTimeUnixNano < parent.StartTimeUnixNano || s.EndTimeUnixNano > parent.EndTimeUnixNano || s.EndTimeUnixNano < s.StartTimeUnixNano:
			t.Errorf("%s: %d to %d, outside of %s: %d to %d", name, s.StartTimeUnixNano, s.EndTimeUnixNano, above, parent.StartTimeUnixNano, parent.EndTimeUnixNano)
		}
	}
	if len(spans) != len(way)+1 || t.Failed() {
		t.Fatalf("spans %v", spans)
	}
	return spans
}

func idOf(s trace.SpanContext) []byte {
	id := s.SpanID()
	return id[:]
}

// batchesLinkToTheirCallers has 64 callers call at once, again until some have
// travelled together. Each is in one batch: as its parent or as a link, which it
// returns.
func batchesLinkToTheirCallers(t *testing.T, s *testServer, received *spanCollector, by *tracedCaller) {
	const callers = 64
	service := client.New(s.url, s.keys["backend"], carried)
	for round, together := 0, false; !together && !t.Failed(); round++ {
		traces := map[string]bool{}
		var calls sync.WaitGroup
		for i := range callers {
			ctx, root := by.begin(t.Context())
			traces[root.SpanContext().TraceID().String()] = true
			calls.Go(func() {
				defer root.End()
				if _, err := service.AssessTransaction(ctx, payment(fmt.Sprintf("together-%d-%d", round, i))); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		await(t, "spans of 64 calls", func() bool { return len(received.answeredOf(traces)) == callers }) // batches end before
		together = received.checkBatches(t, traces)
	}
}

func payment(id string) *fraudactivityv1.AssessTransactionRequest {
	return &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
		TransactionId: id, AccountId: "account-of-" + id, Amount: 12, Time: at(1_700_000_000)}}
}

// answeredOf are the calls of traces that were answered. One that was refused, as the
// model is slow, has been repeated by its client, and was in no batch.
func (c *spanCollector) answeredOf(traces map[string]bool) []taken {
	return slices.DeleteFunc(c.of("")["brrr: "+assessMethod], func(call taken) bool {
		return !traces[hex.EncodeToString(call.TraceId)] || call.text("brrr.reason") != ""
	})
}

// checkBatches checks those of the traces, and tells whether any had several callers.
func (c *spanCollector) checkBatches(t *testing.T, traces map[string]bool) (together bool) {
	t.Helper()
	all := c.of("")
	carriedBy := map[string]string{} // call to batch
	for _, batch := range all["brrr: batch"] {
		if !traces[hex.EncodeToString(batch.TraceId)] {
			continue
		}
		calls := []string{string(batch.ParentSpanId)}
		for _, link := range batch.Links {
			calls = append(calls, string(link.SpanId))
		}
		together = together || len(calls) > 1
		if batch.text("brrr.rows") != fmt.Sprint(len(calls)) {
			t.Errorf("a batch of %s rows names %d callers", batch.text("brrr.rows"), len(calls))
		}
		for _, call := range calls {
			if carriedBy[call] != "" {
				t.Errorf("call %x is in two batches", call)
			}
			carriedBy[call] = string(batch.SpanId)
		}
	}
	for _, call := range c.answeredOf(traces) {
		batch := carriedBy[string(call.SpanId)]
		switch {
		case batch == "":
			t.Errorf("call %x is in no batch", call.SpanId)
		case len(call.Links) == 1 && string(call.Links[0].SpanId) != batch:
			t.Errorf("call %x links to another batch than its own", call.SpanId)
		case len(call.Links) > 1:
			t.Errorf("call %x has %d links", call.SpanId, len(call.Links))
		}
	}
	return together
}

// failuresAreTold has calls fail, and one be refused: that one is not traced.
func failuresAreTold(t *testing.T, s *testServer, received *spanCollector, by *tracedCaller) {
	call := func(key string) string {
		ctx, root := by.begin(t.Context())
		defer root.End()
		_, err := client.New(s.url, key, carried).GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: "unheard-of"})
		if err == nil {
			t.Error("answered")
		}
		return root.SpanContext().TraceID().String()
	}
	refused, unknown := call("brrr_nobody_knows"), call(s.keys["client"])
	await(t, "the span of a call that failed", func() bool { return len(received.of(unknown)["brrr: "+getMethod]) == 1 })
	failed := received.of(unknown)["brrr: "+getMethod][0]
	if failed.text("rpc.response.status_code") != "not_found" || failed.text("brrr.reason") != "TRANSACTION_UNKNOWN" || failed.text("brrr.key_id") == "" {
		t.Errorf("told %v", failed.Attributes)
	}
	if spans := received.of(refused); len(spans) != 1 { // its own
		t.Errorf("a caller without a key had spans made: %v", spans)
	}
}

// nothingSecretIsSent looks through every byte that was sent.
func nothingSecretIsSent(t *testing.T, s *testServer, received *spanCollector) {
	received.mu.Lock()
	defer received.mu.Unlock()
	secrets := []string{"first", "second", demoTransaction, "card-1", "together-", "account-of-", "unheard-of", "for-the-collector", "secret-of-the-caller", s.data + "/brrr.db"}
	for _, key := range s.keys {
		secrets = append(secrets, key, key[strings.LastIndex(key, "_")+1:])
	}
	for _, secret := range secrets {
		if bytes.Contains(received.bytes.Bytes(), []byte(secret)) {
			t.Errorf("sent: %s", secret)
		}
	}
	shown := 0
	for _, head := range received.heads {
		if head.Get("Authorization") == "Bearer for-the-collector" {
			shown++
		}
	}
	if shown == 0 || len(received.heads) == shown { // the test's own spans come without
		t.Errorf("%d of %d requests showed the token", shown, len(received.heads))
	}
}

func TestLinesOfATracedCallTellOfWhichTrace(t *testing.T) {
	t.Parallel()
	received := startSpanCollector(t)
	var lines bytes.Buffer
	c := parseServe(t, t.TempDir(), noModel, "--trace-endpoint="+received.URL, "--trace-sample=1")
	app, err := c.start(context.Background(), slog.New(slog.NewJSONHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{app: app, keys: map[string]string{"client": newKey(t, app.store, "client")}}
	wantReason(t, get(s, "unheard-of"), connect.CodeNotFound, "TRANSACTION_UNKNOWN")
	if err := app.close(10 * time.Second); err != nil { // by then the span is sent
		t.Fatal(err)
	}
	if len(received.of("")["brrr: "+getMethod]) != 1 {
		t.Fatalf("sent %v", received.of(""))
	}
	id := hex.EncodeToString(received.of("")["brrr: "+getMethod][0].TraceId)
	if !strings.Contains(lines.String(), `"trace_id":"`+id+`"`) {
		t.Errorf("no line of %s in\n%s", id, lines.String())
	}
}
