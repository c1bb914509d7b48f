package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// request is one of a procedure with the idempotency given.
type request struct {
	connect.AnyRequest
	level connect.IdempotencyLevel
}

func (r request) Spec() connect.Spec { return connect.Spec{IdempotencyLevel: r.level} }

func fail(code connect.Code, details ...proto.Message) error {
	err := connect.NewError(code, errors.New("refused"))
	for _, d := range details {
		detail, _ := connect.NewErrorDetail(d)
		err.AddDetail(detail)
	}
	return err
}

// brokenOff is how connect words it.
var brokenOff = connect.NewError(connect.CodeUnknown, fmt.Errorf("read message: %w", io.ErrUnexpectedEOF))

func after(d time.Duration) proto.Message {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(d)}
}

func TestRepeatsOnlyWhatIsSafeAndWorthIt(t *testing.T) {
	const idempotent, unknown = connect.IdempotencyIdempotent, connect.IdempotencyUnknown
	cases := map[string]struct {
		level     connect.IdempotencyLevel
		errs      []error // of each attempt in turn; then it succeeds
		retries   int
		deadline  time.Duration
		attempts  int
		code      connect.Code // 0: an answer
		atLeast   time.Duration
		noLonger  time.Duration
		cancelled bool
	}{
		"an answer is not repeated":             {level: idempotent, retries: 3, attempts: 1},
		"unavailable once":                      {level: idempotent, errs: []error{fail(connect.CodeUnavailable)}, retries: 3, attempts: 2, noLonger: 100 * time.Millisecond},
		"without side effects likewise":         {level: connect.IdempotencyNoSideEffects, errs: []error{fail(connect.CodeUnavailable)}, retries: 3, attempts: 2, noLonger: 100 * time.Millisecond},
		"no promise in the contract":            {level: unknown, errs: []error{fail(connect.CodeUnavailable)}, retries: 3, attempts: 1, code: connect.CodeUnavailable},
		"unavailable for good":                  {level: idempotent, errs: repeated(fail(connect.CodeUnavailable), 9), retries: 3, attempts: 4, code: connect.CodeUnavailable, noLonger: 700 * time.Millisecond},
		"switched off":                          {level: idempotent, errs: []error{fail(connect.CodeUnavailable)}, retries: 0, attempts: 1, code: connect.CodeUnavailable},
		"told when to come back":                {level: idempotent, errs: []error{fail(connect.CodeResourceExhausted, after(3*time.Second))}, retries: 3, attempts: 2, atLeast: 3 * time.Second, noLonger: 3100 * time.Millisecond},
		"exhausted without a word":              {level: idempotent, errs: []error{fail(connect.CodeResourceExhausted)}, retries: 3, attempts: 1, code: connect.CodeResourceExhausted},
		"told to come back after the deadline":  {level: idempotent, errs: []error{fail(connect.CodeUnavailable, after(3*time.Second))}, retries: 3, deadline: time.Second, attempts: 1, code: connect.CodeUnavailable},
		"a refusal":                             {level: idempotent, errs: []error{fail(connect.CodeInvalidArgument)}, retries: 3, attempts: 1, code: connect.CodeInvalidArgument},
		"a connection reset, nobody cancelled":  {level: idempotent, errs: []error{fail(connect.CodeCanceled)}, retries: 3, attempts: 2, noLonger: 100 * time.Millisecond},
		"an answer that broke off":              {level: idempotent, errs: []error{brokenOff}, retries: 3, attempts: 2, noLonger: 100 * time.Millisecond},
		"cancelled by the caller":               {level: idempotent, errs: []error{fail(connect.CodeCanceled)}, retries: 3, attempts: 1, code: connect.CodeCanceled, cancelled: true},
		"the caller goes away during the pause": {level: idempotent, errs: []error{fail(connect.CodeUnavailable, after(time.Hour))}, retries: 3, attempts: 1, code: connect.CodeUnavailable, cancelled: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				attempts := 0
				call := retries(c.retries)(func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
					attempts++
					if c.cancelled {
						cancel()
					}
					if attempts <= len(c.errs) {
						return nil, c.errs[attempts-1]
					}
					return nil, nil
				})
				began := time.Now()
				_, err := call(ctx, request{level: c.level})
				took := time.Since(began)
				if attempts != c.attempts || (err == nil) != (c.code == 0) || (err != nil && connect.CodeOf(err) != c.code) {
					t.Errorf("%d attempts and %v, want %d and %v", attempts, err, c.attempts, c.code)
				}
				if took < c.atLeast || took > c.noLonger {
					t.Errorf("took %v, want %v to %v", took, c.atLeast, c.noLonger)
				}
			})
		})
	}
}

func repeated(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

func TestPausesDoubleUpToTheLongest(t *testing.T) {
	b := backoff{first: 100 * time.Millisecond, longest: 2 * time.Second}
	for failures, most := range map[int]time.Duration{1: 100, 2: 200, 3: 400, 5: 1600, 6: 2000, 100: 2000} {
		most *= time.Millisecond
		longest := time.Duration(0)
		for range 1000 {
			longest = max(longest, b.pause(nil, failures))
		}
		if longest > most || longest < most*9/10 {
			t.Errorf("after %d failures up to %v, want up to %v", failures, longest, most)
		}
	}
}

// stumbling fails the first call of each procedure.
type stumbling struct {
	fraudactivityv1connect.UnimplementedFraudActivityServiceHandler
	calls int
}

func (s *stumbling) call() error {
	if s.calls++; s.calls == 1 {
		return fail(connect.CodeUnavailable, &errdetails.ErrorInfo{Reason: "PREDICTOR_UNAVAILABLE"})
	}
	return nil
}

func (s *stumbling) AssessTransaction(context.Context, *fraudactivityv1.AssessTransactionRequest) (*fraudactivityv1.FraudActivity, error) {
	return &fraudactivityv1.FraudActivity{TransactionId: "assessed"}, s.call()
}

func (s *stumbling) ReportOutcome(context.Context, *fraudactivityv1.ReportOutcomeRequest) (*fraudactivityv1.ReportOutcomeResponse, error) {
	return &fraudactivityv1.ReportOutcomeResponse{}, s.call()
}

// TestTheContractSaysWhatIsRepeated holds the interceptor to the generated code.
func TestTheContractSaysWhatIsRepeated(t *testing.T) {
	assess := func(ctx context.Context, c Client) error {
		_, err := c.AssessTransaction(ctx, &fraudactivityv1.AssessTransactionRequest{})
		return err
	}
	report := func(ctx context.Context, c Client) error {
		_, err := c.ReportOutcome(ctx, &fraudactivityv1.ReportOutcomeRequest{})
		return err
	}
	cases := map[string]struct {
		call    func(context.Context, Client) error
		options []connect.ClientOption
		calls   int
		reason  string
	}{
		"idempotent":                {assess, nil, 2, ""},
		"idempotent, over gRPC-Web": {assess, []connect.ClientOption{connect.WithGRPCWeb()}, 2, ""},
		"idempotent, switched off":  {assess, []connect.ClientOption{WithRetries(0)}, 1, "PREDICTOR_UNAVAILABLE"},
		"not idempotent":            {report, nil, 1, "PREDICTOR_UNAVAILABLE"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stumbling{}
				err := c.call(t.Context(), inMemory(t, s, c.options...))
				if s.calls != c.calls || Reason(err) != c.reason {
					t.Errorf("%d calls and %v, want %d and %q", s.calls, err, c.calls, c.reason)
				}
			})
		})
	}
}
