package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// domain is that of every ErrorInfo.
const domain = "fraudactivity"

// codes is the only place where a reason becomes a Connect code.
var codes = map[string]connect.Code{
	fraud.ReasonUnauthenticated:      connect.CodeUnauthenticated,
	fraud.ReasonPermissionDenied:     connect.CodePermissionDenied,
	fraud.ReasonInvalidArgument:      connect.CodeInvalidArgument,
	fraud.ReasonTransactionUnknown:   connect.CodeNotFound,
	fraud.ReasonFactsDiffer:          connect.CodeAlreadyExists,
	fraud.ReasonQueueFull:            connect.CodeResourceExhausted,
	fraud.ReasonRateLimited:          connect.CodeResourceExhausted,
	fraud.ReasonPredictorUnavailable: connect.CodeUnavailable,
	fraud.ReasonStoreUnavailable:     connect.CodeUnavailable,
	fraud.ReasonIssuerUnavailable:    connect.CodeUnavailable,
	fraud.ReasonDeadlineExceeded:     connect.CodeDeadlineExceeded,
	fraud.ReasonUnimplemented:        connect.CodeUnimplemented,
	fraud.ReasonWatcherTooSlow:       connect.CodeResourceExhausted,
	fraud.ReasonShuttingDown:         connect.CodeUnavailable,
	fraud.ReasonInternal:             connect.CodeInternal,
}

// public is what a caller may know of err. Errors without a reason are masked:
// their text may hold a path, a statement or a secret.
func public(ctx context.Context, err error) *fraud.Error {
	var known *fraud.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded):
		return &fraud.Error{Reason: fraud.ReasonDeadlineExceeded, Message: "the answer did not come within the call's deadline", Cause: err}
	}
	return &fraud.Error{Reason: fraud.ReasonInternal, Cause: err,
		Message: "internal error; the server's log tells more under request ID " + scopeOf(ctx).requestID}
}

// toConnect makes err ready to leave the service.
func toConnect(ctx context.Context, err error) *connect.Error {
	if gone(err) {
		return connect.NewError(connect.CodeCanceled, errors.New("the caller went away"))
	}
	e := public(ctx, err)
	out := connect.NewError(codes[e.Reason], errors.New(e.Message))
	addDetail(out, &errdetails.ErrorInfo{Reason: e.Reason, Domain: domain})
	if e.Reason == fraud.ReasonInvalidArgument {
		addDetail(out, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: e.Field, Description: e.Message}}})
	}
	if e.RetryAfter > 0 {
		addDetail(out, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	if e.Reason == fraud.ReasonInternal {
		addDetail(out, &errdetails.RequestInfo{RequestId: scopeOf(ctx).requestID})
	}
	return out
}

func addDetail(e *connect.Error, detail proto.Message) {
	if d, err := connect.NewErrorDetail(detail); err == nil {
		e.AddDetail(d)
	}
}

// toItemError is the same for one item of a batch.
func toItemError(ctx context.Context, err error) *fraudactivityv1.ItemError {
	e := public(ctx, err)
	return &fraudactivityv1.ItemError{Code: codes[e.Reason].String(), Reason: e.Reason, Message: e.Message}
}

// reasonOf is the reason that a caller is told; empty if there is nobody to tell.
func reasonOf(err error) string {
	if gone(err) {
		return ""
	}
	return fraud.ReasonOf(err)
}

// gone reports whether the caller stopped waiting: there is nobody to answer.
func gone(err error) bool {
	var known *fraud.Error
	return errors.Is(err, context.Canceled) && !errors.As(err, &known)
}

// floods are the reasons that come by the thousand once they come: a line a
// second tells of each.
var floods = map[string]*throttle{
	fraud.ReasonQueueFull: {}, fraud.ReasonRateLimited: {}, fraud.ReasonPredictorUnavailable: {}, fraud.ReasonStoreUnavailable: {}, fraud.ReasonIssuerUnavailable: {},
}

// logFailure writes down what a caller is told, and what it is not told.
func logFailure(ctx context.Context, log *slog.Logger, procedure string, err error) {
	s := scopeOf(ctx)
	if gone(err) {
		log.DebugContext(ctx, "caller went away", "procedure", procedure, "request_id", s.requestID, "key_id", s.caller.KeyID)
		return
	}
	e := public(ctx, err)
	var skipped int64
	if flood := floods[e.Reason]; flood != nil {
		var speak bool
		if skipped, speak = flood.pass(time.Now()); !speak {
			return
		}
	}
	log.Log(ctx, severity(e.Reason), "call failed", "procedure", procedure, "reason", e.Reason,
		"request_id", s.requestID, "key_id", s.caller.KeyID, "error", err, "more_since_the_last_line", skipped)
}

// severity is how loudly to tell the log of a refusal.
func severity(reason string) slog.Level {
	switch reason {
	case fraud.ReasonInternal, fraud.ReasonStoreUnavailable:
		return slog.LevelError
	case fraud.ReasonPredictorUnavailable, fraud.ReasonIssuerUnavailable, fraud.ReasonQueueFull, fraud.ReasonRateLimited:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// recovered turns a panic into an error that is masked and logged like any.
func recovered(_ context.Context, _ connect.Spec, _ http.Header, p any) error {
	return &panicError{value: p, stack: debug.Stack()}
}

type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return "panic: " + slog.AnyValue(e.value).String() + "\n" + string(e.stack)
}
