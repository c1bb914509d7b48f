package main

import (
	"context"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
)

// tries counts what clients try, where they repeat by themselves what failed.
type tries struct {
	mu     sync.Mutex
	failed map[string]int // by reason
	last   time.Time      // one failed
}

func newTries() *tries { return &tries{failed: map[string]int{}} }

// option has a client's tries counted.
func (s *tries) option() connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			res, err := next(ctx, req)
			if err != nil {
				s.fail(whyFailed(ctx, err))
			}
			return res, err
		}
	}))
}

func (s *tries) fail(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[reason]++
	s.last = time.Now()
}

// take returns what failed since the last time, and how long after then the last did.
func (s *tries) take(since time.Time) (failed map[string]int, last time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed, s.failed = s.failed, map[string]int{}
	return failed, max(0, s.last.Sub(since))
}

// whyFailed is the service's, or else what a client makes of a connection or a deadline.
func whyFailed(ctx context.Context, err error) string {
	switch reason := client.Reason(err); {
	case reason != "":
		return reason
	case ctx.Err() != nil:
		return noReason
	default:
		return "connection: " + connect.CodeOf(err).String()
	}
}

// pulse is how regularly the model answers.
type pulse struct {
	mu      sync.Mutex
	last    time.Time
	longest time.Duration // from one answer to the next
}

// beat counts an answer.
func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.last.IsZero() {
		p.longest = max(p.longest, now.Sub(p.last))
	}
	p.last = now
}

// take returns the longest pause since the last time.
func (p *pulse) take() (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest, p.longest = p.longest, 0
	return longest
}
