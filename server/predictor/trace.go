package predictor

import (
	"context"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// traced makes a span of each call of a host that is made for a traced one, so that
// repeats and parts are seen, and has the trace go on there.
type traced struct{ address string }

// WrapUnary implements connect.Interceptor.
func (t traced) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		span, parent := fraud.SpanOf(ctx).Ask(ctx, req.Spec().Procedure)
		if span == fraud.Untraced {
			return next(ctx, req)
		}
		req.Header().Set("Traceparent", parent)
		span.Text("server.address", t.address)
		span.Number("brrr.rows", rowsOf(req.Any()))
		res, err := next(ctx, req)
		if err != nil {
			span.End(connect.CodeOf(err).String())
			return res, err
		}
		span.End("")
		return res, nil
	}
}

// WrapStreamingClient implements connect.Interceptor; hosts have no streams.
func (traced) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor; this is a client.
func (traced) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func rowsOf(msg any) int {
	switch m := msg.(type) {
	case *fraud_detection.PredictFraudBatchRequest:
		return int(m.Rows)
	case *fraud_detection.ExplainFraudBatchRequest:
		return int(m.Rows)
	}
	return 1
}

// Names of what a supervised host is told of traces: where spans are sent, and the
// file of headers for there, which may be secret and so stands nowhere else.
const (
	TraceEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	TraceHeadersVariable  = "BRRR_TRACE_HEADERS_FILE"
)
