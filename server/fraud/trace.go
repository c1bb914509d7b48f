package fraud

import (
	"context"
	"time"
)

// Tracer begins the traces of calls. It is called at once from many goroutines, on
// the callers' time.
type Tracer interface {
	// Call begins the span of a call, in a context that holds it. Most calls are not
	// traced: theirs is Untraced, and the context as it was.
	Call(ctx context.Context, a Arrival) (context.Context, TraceSpan)
}

// Arrival is what is known of a call once the gate has let it in.
type Arrival struct {
	Procedure   string // such as /fraudactivity.v1.FraudActivityService/GetFraudActivity
	TraceParent string // the caller's header of W3C Trace Context, as it came
	Began       time.Time
	Gate        time.Duration // of which the gate took so much
}

// TraceSpan is a part of the way of a traced call, or of all that travel together. Its
// attributes are for operators: never a key, a token or a transaction's ID.
type TraceSpan interface {
	// Begin begins a part of this one, in a context that holds it.
	Begin(ctx context.Context, name string) (context.Context, TraceSpan)
	// Ask begins a call to another process, and returns the header traceparent that
	// has its trace go on there; empty if there is none.
	Ask(ctx context.Context, procedure string) (asking TraceSpan, traceParent string)
	// Past tells of a part of this one that has ended.
	Past(name string, from, to time.Time)
	// Link leads from this one to another one, which may be of another trace.
	Link(to TraceSpan)
	// Text and Number tell more about it.
	Text(key, value string)
	Number(key string, value int)
	// TraceID is that of the whole, empty if there is none.
	TraceID() string
	// End ends it. What failed is named by a code or a reason, not by its text.
	End(failed string)
}

// Untraced is the span of whatever is not traced.
var Untraced TraceSpan = untraced{}

type untraced struct{}

func (untraced) Begin(ctx context.Context, _ string) (context.Context, TraceSpan) {
	return ctx, Untraced
}
func (untraced) Ask(context.Context, string) (TraceSpan, string) { return Untraced, "" }
func (untraced) Past(string, time.Time, time.Time)               {}
func (untraced) Link(TraceSpan)                                  {}
func (untraced) Text(string, string)                             {}
func (untraced) Number(string, int)                              {}
func (untraced) TraceID() string                                 { return "" }
func (untraced) End(string)                                      {}

type spanKey struct{}

// WithSpan is a context that holds a span.
func WithSpan(ctx context.Context, s TraceSpan) context.Context {
	return context.WithValue(ctx, spanKey{}, s)
}

// SpanOf is the span that a context holds, or Untraced.
func SpanOf(ctx context.Context) TraceSpan {
	if s, ok := ctx.Value(spanKey{}).(TraceSpan); ok {
		return s
	}
	return Untraced
}
