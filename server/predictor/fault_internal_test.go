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
		"what it answered is no answer":  {t.Context(), cannotScore(badReply{errors.New("NaN")}), senseless},
		"it says what is wrong of a row": {t.Context(), cannotScore(rowError{errors.New("amount")}), answered},
		"all that, wrapped":              {t.Context(), fmt.Errorf("x: %w", cannotScore(wire(connect.CodeUnavailable))), unable},
	} {
		if got := faultOf(c.ctx, c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestADeadlineThatHasPassedIsNoFaultOfTheModel(t *testing.T) {
	for name, err := range map[string]error{
		"of a batch": connect.NewError(connect.CodeDeadlineExceeded, errors.New("seen")),
		"of a row":   cannotScore(connect.NewError(connect.CodeDeadlineExceeded, errors.New("seen"))),
	} {
		if got := public(overdue{t.Context()}, err); fraud.ReasonOf(got) != fraud.ReasonDeadlineExceeded {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAnAnswerIsJudgedByTheRowsItLacks(t *testing.T) {
	refused := fraud.Prediction{Err: cannotScore(rowError{errors.New("amount")})}
	nonsense := fraud.Prediction{Err: cannotScore(badReply{errors.New("NaN")})}
	lost := fraud.Prediction{Err: cannotScore(connect.NewError(connect.CodeUnavailable, errors.New("reset")))}
	for name, c := range map[string]struct {
		answer any
		want   fault
	}{
		"whole":                         {fraud.Predictions{Rows: []fraud.Prediction{{}, {}}}, none},
		"it refuses a row":              {fraud.Predictions{Rows: []fraud.Prediction{{}, refused}}, none},
		"a row is of no sense":          {fraud.Predictions{Rows: []fraud.Prediction{refused, nonsense}}, senseless},
		"a row is lost":                 {fraud.Predictions{Rows: []fraud.Prediction{{}, lost}}, unable},
		"one is lost, one of no sense":  {fraud.Predictions{Rows: []fraud.Prediction{lost, nonsense}}, unable},
		"one is of no sense, one lost":  {fraud.Predictions{Rows: []fraud.Prediction{nonsense, lost}}, unable},
		"reasons, which are not judged": {fraud.Explanations{Rows: []fraud.Explanation{{Err: nonsense.Err}}}, none},
	} {
		if got := judge(t.Context(), t.Context(), c.answer, nil); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
