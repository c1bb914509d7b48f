package client

import (
	"time"

	"connectrpc.com/connect"
)

// settings are what our own options change.
type settings struct {
	deadline time.Duration
	retries  int
}

// option stands among connect's options, so that New takes both alike. Connect
// finds nothing in it; New does.
type option struct {
	connect.ClientOption
	apply func(*settings)
}

func newOption(apply func(*settings)) connect.ClientOption {
	return option{connect.WithClientOptions(), apply}
}

// WithDeadline sets how long a call whose context has no deadline may take, its
// repeats included: 10 seconds if not given, 0 for no limit. Streams have none.
// Hand it to New itself, not inside connect.WithClientOptions.
func WithDeadline(d time.Duration) connect.ClientOption {
	return newOption(func(s *settings) { s.deadline = d })
}

// WithRetries sets how often a call is repeated at most: 3 if not given, 0 for
// never. Only what the contract declares idempotent or free of side effects is
// repeated, only while the service is unavailable or says when to come back, and
// never beyond the call's deadline. Hand it to New itself, not inside
// connect.WithClientOptions.
func WithRetries(n int) connect.ClientOption {
	return newOption(func(s *settings) { s.retries = n })
}

func read(options []connect.ClientOption) settings {
	s := settings{deadline: 10 * time.Second, retries: 3}
	for _, o := range options {
		if own, ok := o.(option); ok {
			own.apply(&s)
		}
	}
	return s
}
