package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spanCollector takes spans over OTLP/HTTP and keeps them, and every byte it was sent.
type spanCollector struct {
	*httptest.Server
	mu    sync.Mutex
	spans map[string]taken // by span ID
	bytes bytes.Buffer     // bodies
	heads []http.Header
}

// taken is a span, and whose it is.
type taken struct {
	*tracepb.Span
	service string
}

func startSpanCollector(t *testing.T) *spanCollector {
	t.Helper()
	c := &spanCollector{spans: map[string]taken{}}
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(c.Close)
	return c
}

func (c *spanCollector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var data tracepb.TracesData
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &data) != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes.Write(body)
	traced.Write(body)
	c.heads = append(c.heads, r.Header.Clone())
	for _, resource := range data.ResourceSpans {
		service := ""
		for _, a := range resource.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans[string(s.SpanId)] = taken{s, service}
			}
		}
	}
}

// of are the spans of a trace, or of all, by "service: name".
func (c *spanCollector) of(traceID string) map[string][]taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string][]taken{}
	for _, s := range c.spans {
		if traceID == "" || hex.EncodeToString(s.TraceId) == traceID {
			name := s.service + ": " + s.Name
			found[name] = append(found[name], s)
		}
	}
	return found
}

func (s taken) text(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			if a.Value.GetStringValue() != "" {
				return a.Value.GetStringValue()
			}
			return fmt.Sprint(a.Value.GetIntValue())
		}
	}
	return ""
}

// tracedCaller makes a caller's own spans, and has its calls carry them, by hand as any
// client may: a header is all it takes.
type tracedCaller struct{ provider *sdk.TracerProvider }

func newTracedCaller(t *testing.T, collector string) *tracedCaller {
	t.Helper()
	exporter, err := otlptrace.New(t.Context(), plainUpload(collector))
	if err != nil {
		t.Fatal(err)
	}
	return &tracedCaller{sdk.NewTracerProvider(sdk.WithSyncer(exporter), sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"))))}
}

// begin begins a caller's span.
func (c *tracedCaller) begin(ctx context.Context) (context.Context, trace.Span) {
	return c.provider.Tracer("test").Start(ctx, "checkout", trace.WithSpanKind(trace.SpanKindClient))
}

// carried is a client's option by which calls carry the span of their context.
var carried = connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header()))
		req.Header().Set("Tracestate", "vendor=secret-of-the-caller")
		return next(ctx, req)
	}
}))

// plainUpload posts spans to a collector.
type plainUpload string

func (plainUpload) Start(context.Context) error { return nil }
func (plainUpload) Stop(context.Context) error  { return nil }
func (u plainUpload) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	res, err := http.Post(string(u)+"/v1/traces", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return res.Body.Close()
}
