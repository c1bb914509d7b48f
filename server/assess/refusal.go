package assess

import (
	"errors"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// TooMuch refuses what could not be answered in time.
func TooMuch(retryAfter time.Duration) error {
	return &fraud.Error{Reason: fraud.ReasonQueueFull, RetryAfter: retryAfter, Message: "more is asked than can be answered in time; try again later"}
}

// Overloaded tells why one more ask of a key would be refused now, whatever its
// deadline; nil if it would not.
func (a *Assessor) Overloaded(by string) error { return refused(a.batcher.Full(by)) }

// refused gives the batcher's refusals their public reason.
func refused(err error) error {
	var full *batch.FullError
	switch {
	case errors.As(err, &full):
		return TooMuch(full.RetryAfter)
	case errors.Is(err, batch.ErrClosed):
		return &fraud.Error{Reason: fraud.ReasonQueueFull, RetryAfter: time.Second,
			Message: "this server is shutting down; try again", Cause: err}
	}
	return err
}
