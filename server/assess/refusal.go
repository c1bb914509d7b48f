package assess

import (
	"errors"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// refused gives the batcher's refusals their public reason.
func refused(err error) error {
	var full *batch.FullError
	switch {
	case errors.As(err, &full):
		return &fraud.Error{Reason: fraud.ReasonQueueFull, RetryAfter: full.RetryAfter,
			Message: "more is asked than can be answered in time; try again later", Cause: err}
	case errors.Is(err, batch.ErrClosed):
		return &fraud.Error{Reason: fraud.ReasonQueueFull, RetryAfter: time.Second,
			Message: "this server is shutting down; try again", Cause: err}
	}
	return err
}
