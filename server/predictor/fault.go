package predictor

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// fault tells what a call that failed says of the host, which decides what is done
// about it.
type fault int

const (
	// theCallers: the caller's deadline has passed or it has gone. It says nothing
	// of the host.
	theCallers fault = iota
	// broken: the connection broke, could not be made, or brought what is no gRPC.
	// The host may have been restarted.
	broken
	// unable: the host says that it cannot answer now, or has not within the time
	// that was given to it, or answers what is no answer.
	unable
	// answered: a live host answered with an error. It may be for the sake of a row.
	answered
)

// badReply is an answer that breaks the contract: it is not believed.
type badReply struct{ error }

func (b badReply) Unwrap() error { return b.error }

// rowError is what a host says of one row: it is for that row's sake.
type rowError struct{ error }

// believed marks the error of an answer that is not.
func believed[Answer any](answer Answer, err error) (Answer, error) {
	if err != nil {
		err = badReply{err}
	}
	return answer, err
}

// faultOf judges an error of a call that was made within ctx. Codes mislead: a
// connection that is reset says canceled, one that is cut says internal, a dial
// that takes too long says deadline exceeded. What counts is who said so: the host,
// over the wire, or our side of the connection.
func faultOf(ctx context.Context, err error) fault {
	var bad badReply
	var row rowError
	switch {
	case ended(ctx):
		return theCallers
	case errors.As(err, &row):
		return answered
	case errors.As(err, &bad):
		return unable // and not to be trusted with a part
	case !connect.IsWireError(err):
		return broken
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeCanceled, connect.CodeDeadlineExceeded, connect.CodeUnauthenticated, connect.CodePermissionDenied:
		return unable
	}
	return answered
}

// ended reports whether a context has ended, or its deadline has passed and its
// timer is about to say so.
func ended(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// public gives an error its reason. A host's own text is for the log: it may hold a
// stack trace.
func public(ctx context.Context, err error) error {
	var known *fraud.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &known):
		return err
	case ended(ctx):
		return context.DeadlineExceeded
	}
	return fraud.PredictorUnavailable("the model could not answer", err)
}
