package rpc

import (
	"context"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// traces makes a span of each call that is traced. It stands outside of the
// translator, and tells what the caller is told.
type traces struct{ tracer fraud.Tracer }

// tracing is the layer of a tracer, and none at all without one.
func tracing(tracer fraud.Tracer) connect.HandlerOption {
	if tracer == nil {
		return connect.WithInterceptors()
	}
	return connect.WithInterceptors(traces{tracer})
}

func (t traces) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		ctx, span := t.begin(ctx, req.Spec(), req.Peer(), req.Header())
		if span == fraud.Untraced {
			return next(ctx, req)
		}
		span.Number("brrr.items", items(req.Any()))
		res, err := next(ctx, req)
		endCall(span, req.Peer().Protocol, err, scopeOf(ctx).reason)
		return res, err
	}
}

func (t traces) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		ctx, span := t.begin(ctx, conn.Spec(), conn.Peer(), conn.RequestHeader())
		err := next(ctx, conn)
		endCall(span, conn.Peer().Protocol, err, scopeOf(ctx).reason)
		return err
	}
}

func (t traces) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (t traces) begin(ctx context.Context, spec connect.Spec, peer connect.Peer, header http.Header) (context.Context, fraud.TraceSpan) {
	s := scopeOf(ctx)
	ctx, span := t.tracer.Call(ctx, fraud.Arrival{
		Procedure: spec.Procedure, TraceParent: header.Get("Traceparent"), Began: s.began, Gate: s.gate,
	})
	if span != fraud.Untraced {
		span.Text("rpc.system.name", system(peer.Protocol))
		span.Text("brrr.request_id", s.requestID)
		span.Text("brrr.key_id", s.caller.KeyID)
	}
	return ctx, span
}

// system is a protocol by its name in OpenTelemetry's conventions.
func system(protocol string) string {
	if protocol == connect.ProtocolConnect {
		return "connectrpc"
	}
	return "grpc"
}

// endCall tells how a call ended, in the spelling of its protocol. By the conventions
// it failed if that is not the caller's own doing.
func endCall(span fraud.TraceSpan, protocol string, err error, reason string) {
	if err == nil {
		span.End("")
		return
	}
	code := connect.CodeOf(err)
	spelt := code.String()
	if system(protocol) == "grpc" {
		spelt = strings.ToUpper(strings.Replace(spelt, "canceled", "cancelled", 1))
	}
	span.Text("rpc.response.status_code", spelt)
	if reason != "" {
		span.Text("brrr.reason", reason)
	}
	switch code {
	case connect.CodeUnknown, connect.CodeDeadlineExceeded, connect.CodeUnimplemented, connect.CodeInternal,
		connect.CodeUnavailable, connect.CodeDataLoss:
		span.End(spelt)
	default:
		span.End("")
	}
}
