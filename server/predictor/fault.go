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
	// none: the host answered, or said that it cannot do this.
	none fault = iota
	// theCallers: the caller's deadline has passed or it has gone. It says nothing
	// of the host.
	theCallers
	// broken: the connection broke, could not be made, or brought what is no gRPC.
	// The host may have been restarted.
	broken
	// unable: the host says that it cannot answer now, or has not within the time
	// that was given to it.
	unable
	// senseless: the host answers what is no answer. It may be for the sake of a row,
	// but such a host is not to be trusted with a part.
	senseless
	// answered: a live host answered with an error. It may be for the sake of a row.
	answered
)

// mayBeARows reports whether the fault may be for the sake of a row. Then another
// host's answer tells: one that anybody can have rows for must not be left alone for
// them, or else whoever repeats such a row has all others refused.
func (f fault) mayBeARows() bool { return f == senseless || f == answered }

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
		return senseless
	case !connect.IsWireError(err):
		return broken
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeCanceled, connect.CodeDeadlineExceeded, connect.CodeUnauthenticated, connect.CodePermissionDenied:
		return unable
	}
	return answered
}

// judge says how a call went that was made for ctx, and given the time of within.
func judge(ctx, within context.Context, answer any, err error) fault {
	if err == nil {
		said, _ := answer.(fraud.Predictions)
		_, why := unanswered(ctx, said.Rows)
		return why
	}
	var known *fraud.Error
	if errors.As(err, &known) && known.Reason != fraud.ReasonPredictorUnavailable {
		return none // it cannot do this, which is an answer
	}
	why := faultOf(ctx, err)
	if why != theCallers && ended(within) {
		return unable // it was given less time than the caller has
	}
	return why
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
	case ended(ctx):
		return context.DeadlineExceeded
	case errors.As(err, &known):
		return err
	}
	return fraud.PredictorUnavailable("the model could not answer", err)
}
