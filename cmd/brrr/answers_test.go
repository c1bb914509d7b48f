package main

import (
	"math"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

func TestARepeatAnswersFromTheRecord(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	ask := &fraudactivityv1.GetFraudActivityRequest{TransactionId: demoTransaction, View: fraudactivityv1.View_VIEW_FULL}
	first, err := s.client("client").GetFraudActivity(t.Context(), ask)
	if err != nil || first.Assessment.FromRecord {
		t.Fatalf("first: %v, %v", first, err)
	}
	second, err := s.client("analyst").GetFraudActivity(t.Context(), ask)
	if err != nil || !second.Assessment.FromRecord {
		t.Fatalf("second: %v, %v", second, err)
	}
	second.Assessment.FromRecord = false
	if !proto.Equal(first, second) {
		t.Errorf("the record changed:\n%v\n%v", first, second)
	}
	if f := first.Assessment.Facts; f.NumberOfTransactions != 3 || f.AgeOfAccount != 2*3600 || f.Amount != 12 || f.SecondsSincePrevious != 3600 ||
		f.AmountLastHour != 12 || f.AmountLastDay != 33 || f.AmountLastWeek != 33 || f.TransactionsLastWeek != 3 {
		t.Errorf("facts %v", f)
	}
}

func TestABatchAnswersOneForOneInOrder(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	ids := []string{"second", "nobody", "first", "not an id", "second"}
	res, err := s.client("client").BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "TRANSACTION_UNKNOWN", "", "INVALID_ARGUMENT", ""} {
		r := res.Results[i]
		if r.TransactionId != ids[i] || r.GetError().GetReason() != want || want == "" && r.GetFraudActivity().GetTransactionId() != ids[i] {
			t.Errorf("result %d: %v, want %s", i, r, want)
		}
	}
}

func TestReasonsAddUpAndComeStrongestFirst(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	got, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first", View: fraudactivityv1.View_VIEW_EXPLAINED})
	if err != nil {
		t.Fatal(err)
	}
	codes, last := map[string]float64{}, math.Inf(1)
	for _, r := range got.Assessment.Reasons {
		if math.Abs(r.Contribution) > last || r.Text == "" {
			t.Errorf("reason %v after one of strength %v", r, last)
		}
		last = math.Abs(r.Contribution)
		codes[r.Code] = r.Value
	}
	if len(codes) != 7 || codes["AMOUNT"] != 10 || codes["NUMBER_OF_TRANSACTIONS"] != 1 || codes["AGE_OF_ACCOUNT"] != 0 ||
		codes["RECENT_AMOUNT"] != 10 || codes["RECENT_TRANSACTIONS"] != 1 {
		t.Errorf("reasons %v", got.Assessment.Reasons)
	}
}

func TestAssessTransactionRecordsAndIsSafeToRepeat(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	backend := s.client("backend")
	transaction := &fraudactivityv1.Transaction{TransactionId: "new", AccountId: "card-9", Amount: 99.5, Currency: "EUR",
		Time: at(1_700_000_000), AccountOpenedAt: at(1_600_000_000)}
	ask := &fraudactivityv1.AssessTransactionRequest{Transaction: transaction, View: fraudactivityv1.View_VIEW_FULL}
	first, err := backend.AssessTransaction(t.Context(), ask)
	if err != nil || first.Assessment.Facts.AgeOfAccount != 100_000_000 || first.Assessment.Facts.Currency != "EUR" {
		t.Fatalf("first: %v, %v", first, err)
	}
	again, err := backend.AssessTransaction(t.Context(), ask)
	if err != nil || !again.Assessment.FromRecord || again.FraudProbability != first.FraudProbability {
		t.Errorf("again: %v, %v", again, err)
	}
	transaction.Amount = 1
	_, err = backend.AssessTransaction(t.Context(), ask)
	wantReason(t, err, connect.CodeAlreadyExists, "FACTS_DIFFER")
	_, err = backend.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{})
	wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")
	_, err = s.client("client").AssessTransaction(t.Context(), ask)
	wantReason(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
}

func TestTheNewestOutcomeStands(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	analyst := s.client("analyst")
	for _, report := range []*fraudactivityv1.ReportOutcomeRequest{
		{TransactionId: "first", Outcome: fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_LEGITIMATE, Source: fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CUSTOMER, OccurredAt: at(1_700_000_500)},
		{TransactionId: "first", Outcome: fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD, Source: fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CHARGEBACK, OccurredAt: at(1_700_000_100)},
	} {
		if _, err := analyst.ReportOutcome(t.Context(), report); err != nil {
			t.Fatal(err)
		}
	}
	got, err := analyst.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first", View: fraudactivityv1.View_VIEW_FULL})
	if err != nil || got.Assessment.Outcome.GetOutcome() != fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_LEGITIMATE {
		t.Errorf("%v, %v; want what became known last, not what arrived last", got.GetAssessment().GetOutcome(), err)
	}
	_, err = analyst.ReportOutcome(t.Context(), &fraudactivityv1.ReportOutcomeRequest{TransactionId: "first"})
	wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")
}
