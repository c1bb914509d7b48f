package client

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// mute never answers.
type mute struct {
	fraudactivityv1connect.UnimplementedFraudActivityServiceHandler
}

func (mute) GetModel(ctx context.Context, _ *fraudactivityv1.GetModelRequest) (*fraudactivityv1.Model, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestACallEndsByItsDeadline(t *testing.T) {
	cases := map[string]struct {
		options []connect.ClientOption
		own     time.Duration // of the caller
		took    time.Duration
	}{
		"none of its own":          {took: 10 * time.Second},
		"another default":          {options: []connect.ClientOption{WithDeadline(3 * time.Second)}, took: 3 * time.Second},
		"its own, shorter":         {own: time.Second, took: time.Second},
		"its own, longer":          {own: time.Minute, took: time.Minute},
		"no default, but its own":  {options: []connect.ClientOption{WithDeadline(0)}, own: time.Hour, took: time.Hour},
		"the last option counts":   {options: []connect.ClientOption{WithDeadline(1), WithDeadline(time.Second)}, took: time.Second},
		"over another protocol":    {options: []connect.ClientOption{connect.WithGRPCWeb()}, took: 10 * time.Second},
		"without repeats likewise": {options: []connect.ClientOption{WithRetries(0)}, took: 10 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.own > 0 {
					own, cancel := context.WithTimeout(ctx, c.own)
					defer cancel()
					ctx = own
				}
				began := time.Now()
				_, err := inMemory(t, mute{}, c.options...).GetModel(ctx, &fraudactivityv1.GetModelRequest{})
				if took := time.Since(began); took != c.took || connect.CodeOf(err) != connect.CodeDeadlineExceeded {
					t.Errorf("%v after %v, want deadline_exceeded after %v", err, took, c.took)
				}
				if reason := Reason(err); reason != "" {
					t.Errorf("reason %s, though the service said nothing", reason)
				}
			})
		})
	}
}
