package client

import (
	"errors"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// Reason is the stable reason of a failed call, such as TRANSACTION_UNKNOWN, or
// "" if err bears none: then it did not come from the service.
func Reason(err error) string {
	info, _ := detail[*errdetails.ErrorInfo](err)
	return info.GetReason()
}

// RetryAfter is how long the service asks to be left alone before a repeat, if it
// says so.
func RetryAfter(err error) (after time.Duration, told bool) {
	info, told := detail[*errdetails.RetryInfo](err)
	return info.GetRetryDelay().AsDuration(), told
}

func detail[T any](err error) (found T, ok bool) {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return found, false
	}
	for _, d := range failed.Details() {
		if value, err := d.Value(); err == nil {
			if found, ok = value.(T); ok {
				return found, true
			}
		}
	}
	return found, false
}
