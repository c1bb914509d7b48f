package fraud

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Reason codes of errors. They are part of the public contract: their meaning
// never changes.
const (
	ReasonUnauthenticated      = "UNAUTHENTICATED"
	ReasonPermissionDenied     = "PERMISSION_DENIED"
	ReasonInvalidArgument      = "INVALID_ARGUMENT"
	ReasonTransactionUnknown   = "TRANSACTION_UNKNOWN"
	ReasonFactsDiffer          = "FACTS_DIFFER"
	ReasonQueueFull            = "QUEUE_FULL"
	ReasonRateLimited          = "RATE_LIMITED"
	ReasonPredictorUnavailable = "PREDICTOR_UNAVAILABLE"
	ReasonStoreUnavailable     = "STORE_UNAVAILABLE"
	ReasonIssuerUnavailable    = "ISSUER_UNAVAILABLE"
	ReasonDeadlineExceeded     = "DEADLINE_EXCEEDED"
	ReasonUnimplemented        = "UNIMPLEMENTED"
	ReasonWatcherTooSlow       = "WATCHER_TOO_SLOW"
	ReasonShuttingDown         = "SHUTTING_DOWN"
	ReasonInternal             = "INTERNAL"
)

// Error is a failure that a caller may see. Any other error is masked before it
// leaves the service.
type Error struct {
	Reason  string // one of the Reason constants
	Message string // for the caller: no secret, no internals
	// Field names the field that breaks a rule, for ReasonInvalidArgument.
	Field string
	// RetryAfter tells when a repeat has a chance; 0 says nothing.
	RetryAfter time.Duration
	// Cause is logged and never shown.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Reason, e.Message, e.Cause)
	}
	return e.Reason + ": " + e.Message
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// ReasonOf returns the reason that err carries or stands for, or ReasonInternal.
func ReasonOf(err error) string {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return ReasonDeadlineExceeded
	}
	return ReasonInternal
}

// TransactionUnknown says that no transaction of this ID is recorded.
func TransactionUnknown(id string) *Error {
	return &Error{Reason: ReasonTransactionUnknown, Field: "transaction_id",
		Message: fmt.Sprintf("no transaction %q is recorded", id)}
}

// FactsDiffer says that another transaction is recorded under this ID. What is
// recorded stays as it is.
func FactsDiffer(id string) *Error {
	return &Error{Reason: ReasonFactsDiffer, Field: "transaction_id",
		Message: fmt.Sprintf("transaction %q is already recorded with different facts; nothing was changed", id)}
}

// PredictorUnavailable says that the model could not answer. The message is for
// the caller, the cause for the log.
func PredictorUnavailable(message string, cause error) *Error {
	return &Error{Reason: ReasonPredictorUnavailable, Message: message, Cause: cause}
}

// StoreUnavailable says that the record cannot be read or written now: the disk
// is full, say. Nothing of the call took effect. The cause is for the log.
func StoreUnavailable(cause error) *Error {
	return &Error{Reason: ReasonStoreUnavailable, Message: "the record cannot be reached; nothing of this call took effect", Cause: cause}
}

// InvalidArgument says which field breaks which rule.
func InvalidArgument(field, rule string) *Error {
	return &Error{Reason: ReasonInvalidArgument, Field: field, Message: field + ": " + rule}
}

// Unimplemented says what this service, or the model behind it, cannot do.
func Unimplemented(message string) *Error {
	return &Error{Reason: ReasonUnimplemented, Message: message}
}
