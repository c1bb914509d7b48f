package predictor

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestFaultsAreJudgedByWhoSaidSo(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	wire := func(code connect.Code) error { return connect.NewWireError(code, errors.New("said")) }
	ours := func(code connect.Code) error { return connect.NewError(code, errors.New("seen")) }
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want fault
	}{
		"the caller has gone":            {gone, wire(connect.CodeInternal), theCallers},
		"the deadline has passed":        {overdue{t.Context()}, ours(connect.CodeDeadlineExceeded), theCallers},
		"a connection was reset":         {t.Context(), ours(connect.CodeCanceled), broken},
		"a reply was cut":                {t.Context(), ours(connect.CodeInternal), broken},
		"a dial took too long":           {t.Context(), ours(connect.CodeDeadlineExceeded), broken},
		"nobody listens":                 {t.Context(), ours(connect.CodeUnavailable), broken},
		"the host drains":                {t.Context(), wire(connect.CodeUnavailable), unable},
		"the host gave up":               {t.Context(), wire(connect.CodeDeadlineExceeded), unable},
		"the host canceled":              {t.Context(), wire(connect.CodeCanceled), unable},
		"the host wants a key":           {t.Context(), wire(connect.CodeUnauthenticated), unable},
		"the host raised":                {t.Context(), wire(connect.CodeInternal), answered},
		"the host refuses a value":       {t.Context(), wire(connect.CodeInvalidArgument), answered},
		"a batch was too large":          {t.Context(), wire(connect.CodeResourceExhausted), answered},
		"what it answered is no answer":  {t.Context(), cannotScore(badReply{errors.New("NaN")}), unable},
		"it says what is wrong of a row": {t.Context(), cannotScore(rowError{errors.New("amount")}), answered},
		"all that, wrapped":              {t.Context(), fmt.Errorf("x: %w", cannotScore(wire(connect.CodeUnavailable))), unable},
	} {
		if got := faultOf(c.ctx, c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestRetriesAreAPartOfAllCalls(t *testing.T) {
	b := newBudget()
	made := 0
	for range 10_000 {
		b.earn()
		if b.spend() {
			made++
		}
	}
	if least := 10_000 * retryShare; float64(made) < least || float64(made) > least+retrySavings+10*retriesPerSecond {
		t.Errorf("%d retries of 10,000 calls, want about %v and what was saved", made, least)
	}
}

func TestAHostWithRowsOfNoSenseIsAtFault(t *testing.T) {
	said := fraud.Predictions{Rows: []fraud.Prediction{{Probability: .5}, {Err: cannotScore(rowError{errors.New("amount")})}}}
	if spoilt(t.Context(), said) {
		t.Error("for a row that it refuses")
	}
	said.Rows = append(said.Rows, fraud.Prediction{Err: cannotScore(badReply{errors.New("NaN")})})
	if !spoilt(t.Context(), said) || spoilt(t.Context(), fraud.Explanations{}) {
		t.Error("for NaN it is not, or for an explanation it is")
	}
}
