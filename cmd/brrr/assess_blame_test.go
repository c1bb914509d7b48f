package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// unwilling is a service that does not answer about some transactions: ever, or
// until they were asked for so many times.
type unwilling struct {
	client.Client
	about  func(id string) bool
	until  int
	answer *fraudactivityv1.ItemError
	asked  map[string]int
}

func (s *unwilling) BatchGetFraudActivity(_ context.Context, req *fraudactivityv1.BatchGetFraudActivityRequest) (*fraudactivityv1.BatchGetFraudActivityResponse, error) {
	res := &fraudactivityv1.BatchGetFraudActivityResponse{}
	for _, id := range req.TransactionIds {
		result := &checkResult{TransactionId: id}
		if s.asked[id]++; s.about(id) && s.asked[id] <= s.until {
			result.Result = &fraudactivityv1.BatchGetFraudActivityResponse_Result_Error{Error: s.answer}
		} else {
			result.Result = &fraudactivityv1.BatchGetFraudActivityResponse_Result_FraudActivity{
				FraudActivity: &fraudactivityv1.FraudActivity{TransactionId: id, Assessment: &fraudactivityv1.Assessment{}}}
		}
		res.Results = append(res.Results, result)
	}
	return res, nil
}

// TestARowWithoutAnAnswerIsAskedAboutAgain, alone, while that may help. Then it has
// its reason, unless the service answers nobody.
func TestARowWithoutAnAnswerIsAskedAboutAgain(t *testing.T) {
	rows := make([]importRow, 20)
	for i := range rows {
		rows[i] = importRow{line: i + 2, transaction: &fraudactivityv1.Transaction{TransactionId: fmt.Sprint(i)}}
	}
	away := &fraudactivityv1.ItemError{Code: "unavailable", Reason: "PREDICTOR_UNAVAILABLE", Message: "no model answers"}
	unknown := &fraudactivityv1.ItemError{Code: "not_found", Reason: "TRANSACTION_UNKNOWN"}
	all, some := func(string) bool { return true }, func(id string) bool { return id == "3" || id == "7" }
	for name, test := range map[string]struct {
		service unwilling
		asked   int // for number 3; for number 4 it is 1 if that is answered
		reasons int // rows that end with one
		failed  bool
	}{
		"busy for a while": {unwilling{about: some, until: 2, answer: away}, 3, 0, false},
		"some, ever":       {unwilling{about: some, until: 99, answer: away}, 6, 2, false},
		"all, ever":        {unwilling{about: all, until: 99, answer: away}, 6, 20, true},
		"all, for a while": {unwilling{about: all, until: 5, answer: away}, 6, 0, false},
		"for good":         {unwilling{about: all, until: 99, answer: unknown}, 1, 20, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.service.asked = map[string]int{}
				answers, err := (&assessJob{service: &test.service}).assess(t.Context(), slices.Clone(rows))
				if (err != nil) != test.failed || err != nil && connect.CodeOf(err) != connect.CodeUnavailable {
					t.Fatalf("error %v", err)
				}
				reasons := 0
				for i, answer := range answers {
					if answer.TransactionID != fmt.Sprint(i) || answer.Line != i+2 || (answer.Reason == "") != (answer.FraudProbability != nil) {
						t.Errorf("row %d is %+v", i, answer)
					}
					if answer.Reason != "" {
						reasons++
					}
				}
				if reasons != test.reasons || test.service.asked["3"] != test.asked || !test.service.about("4") && test.service.asked["4"] != 1 {
					t.Errorf("%d rows have a reason, not %d; asked %v", reasons, test.reasons, test.service.asked)
				}
			})
		})
	}
}
