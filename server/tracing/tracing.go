// Package tracing has the ways of calls seen: as spans of OpenTelemetry, sent to a
// collector over OTLP/HTTP. It stands aside: a collector that is slow or gone costs
// spans, and no call its answer or its time.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Options say which calls are traced, and where their spans go.
type Options struct {
	Endpoint string // of an OTLP collector, such as http://127.0.0.1:4318
	// Sample is the share of calls, 0 to 1, of which spans are made.
	Sample float64
	// Followed is how many calls a second are traced because their callers say that
	// they trace them. Beyond that they are sampled like others.
	Followed float64
	// HeadersFile, if any, has headers for the collector, such as Authorization: a
	// line each. It is read each time that spans are sent.
	HeadersFile string
	Version     string // of this service
	Log         *slog.Logger
}

// Tracer is a fraud.Tracer. Make one with Open, Close it.
type Tracer struct {
	sample   float64
	followed *rate.Limiter
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	sender   *sender
}

var _ fraud.Tracer = (*Tracer)(nil)

// maxLinks is how many other callers a batch names: as many as it may have.
const maxLinks = 1024

// Open makes a Tracer. It does not wait for the collector.
func Open(opts Options) (*Tracer, error) {
	client, err := newUploader(opts.Endpoint, opts.HeadersFile)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(context.Background(), resource.WithAttributes(
		attribute.String("service.name", "brrr"), attribute.String("service.version", opts.Version)), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	limits := sdk.NewSpanLimits()
	limits.LinkCountLimit = maxLinks
	t := &Tracer{sample: opts.Sample, followed: rate.NewLimiter(rate.Limit(opts.Followed), int(math.Ceil(opts.Followed)))}
	t.sender = newSender(otlptrace.NewUnstarted(client), opts.Log)
	// What is sampled is decided by us, before a span costs anything.
	t.provider = sdk.NewTracerProvider(sdk.WithSampler(sdk.AlwaysSample()), sdk.WithResource(about),
		sdk.WithRawSpanLimits(limits), sdk.WithSpanProcessor(t.sender))
	t.tracer = t.provider.Tracer("github.com/wassef911/grpcgoesbrrr/server/tracing")
	return t, nil
}

// Close sends what is left, or gives it up at the context's end.
func (t *Tracer) Close(ctx context.Context) { _ = t.provider.Shutdown(ctx) }

// Dropped counts the spans that no collector has taken.
func (t *Tracer) Dropped() uint64 { return t.sender.dropped.Load() }

// Call implements fraud.Tracer.
func (t *Tracer) Call(ctx context.Context, a fraud.Arrival) (context.Context, fraud.TraceSpan) {
	parent := readParent(a.TraceParent)
	if !t.samples(parent) {
		return ctx, fraud.Untraced
	}
	s := t.begin(parent, a.Procedure, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(a.Began))
	s.Text("rpc.method", method(a.Procedure))
	s.Past("gate", a.Began, a.Began.Add(a.Gate))
	return fraud.WithSpan(ctx, s), s
}

// samples decides whether a call is traced. Callers decide for themselves, within
// bounds: one that had all of its calls traced would be paid for by all. By chance
// means ours: the IDs of traces are callers' to choose.
func (t *Tracer) samples(parent trace.SpanContext) bool {
	if parent.IsValid() && (!parent.IsSampled() || t.followed.Allow()) {
		return parent.IsSampled()
	}
	return t.sample > 0 && rand.Float64() < t.sample
}
