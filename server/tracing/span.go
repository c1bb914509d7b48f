package tracing

import (
	"context"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// span is a fraud.TraceSpan.
type span struct {
	of *Tracer
	trace.Span
}

var _ fraud.TraceSpan = (*span)(nil)

// begin begins a span below another one, wherever that is. The name is that of its
// procedure, or what it is.
func (t *Tracer) begin(parent trace.SpanContext, name string, options ...trace.SpanStartOption) *span {
	_, s := t.tracer.Start(trace.ContextWithSpanContext(context.Background(), parent), method(name), options...)
	return &span{t, s}
}

// Begin implements fraud.TraceSpan.
func (s *span) Begin(ctx context.Context, name string) (context.Context, fraud.TraceSpan) {
	part := s.of.begin(s.SpanContext(), name)
	return fraud.WithSpan(ctx, part), part
}

// Ask implements fraud.TraceSpan.
func (s *span) Ask(_ context.Context, procedure string) (fraud.TraceSpan, string) {
	asking := s.of.begin(s.SpanContext(), procedure, trace.WithSpanKind(trace.SpanKindClient))
	asking.Text("rpc.system.name", "grpc")
	asking.Text("rpc.method", method(procedure))
	return asking, writeParent(asking.SpanContext())
}

// Past implements fraud.TraceSpan.
func (s *span) Past(name string, from, to time.Time) {
	s.of.begin(s.SpanContext(), name, trace.WithTimestamp(from)).Span.End(trace.WithTimestamp(to))
}

// Link implements fraud.TraceSpan.
func (s *span) Link(to fraud.TraceSpan) {
	if other, ok := to.(*span); ok {
		s.AddLink(trace.Link{SpanContext: other.SpanContext()})
	}
}

// Text implements fraud.TraceSpan.
func (s *span) Text(key, value string) { s.SetAttributes(attribute.String(key, value)) }

// Number implements fraud.TraceSpan.
func (s *span) Number(key string, value int) { s.SetAttributes(attribute.Int(key, value)) }

// TraceID implements fraud.TraceSpan.
func (s *span) TraceID() string { return s.SpanContext().TraceID().String() }

// End implements fraud.TraceSpan.
func (s *span) End(failed string) {
	if failed != "" {
		s.SetAttributes(attribute.String("error.type", failed))
		s.SetStatus(codes.Error, "")
	}
	s.Span.End()
}

// method is a procedure as the conventions for RPC name it: without the slash that it
// begins with.
func method(procedure string) string { return strings.TrimPrefix(procedure, "/") }

const parentHeader = "Traceparent"

// readParent reads a traceparent; what is none is no valid parent. The tracestate
// that may come with it is left: it is a text of the caller's, and none of ours.
func readParent(header string) trace.SpanContext {
	if header == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.HeaderCarrier(http.Header{parentHeader: {header}})
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

func writeParent(of trace.SpanContext) string {
	carrier := propagation.HeaderCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), of), carrier)
	return carrier.Get(parentHeader)
}
