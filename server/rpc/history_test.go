package rpc

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// A withdrawal shows in the history alone: everywhere else there is no outcome.
func TestAWithdrawalIsInTheHistoryAlone(t *testing.T) {
	store, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	when := time.Unix(1_700_000_000, 0).UTC()
	if _, err := store.Record(t.Context(), []fraud.Transaction{{ID: "a", AccountID: "card-1", Amount: 1, Time: when}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.RecordAssessments(t.Context(), []fraud.Assessment{{Transaction: fraud.Recorded{Seq: 1}, ModelVersion: "v1",
		Label: true, Probability: 0.75, AssessedAt: when}}); err != nil {
		t.Fatal(err)
	}
	s := &service{Config: Config{Store: store}}
	for i, step := range []struct {
		label fraud.OutcomeLabel
		want  string
	}{
		{fraud.OutcomeFraud, "history [1], 1 of 1 frauds, listed 1, labelled 1, not labelled 0"},
		{fraud.OutcomeWithdrawn, "history [3 1], 0 of 1 frauds, listed 0, labelled 0, not labelled 1"},
		{fraud.OutcomeLegitimate, "history [2 3 1], 0 of 1 frauds, listed 1, labelled 1, not labelled 0"},
	} {
		if _, err := store.ReportOutcomes(t.Context(), []fraud.Outcome{{TransactionID: "a", Label: step.label, Source: fraud.SourceAnalyst,
			OccurredAt: when.Add(time.Duration(i) * time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		if got := showOutcomes(t, s, when); got != step.want {
			t.Errorf("after %d:\n got %s\nwant %s", step.label, got, step.want)
		}
	}
}

func showOutcomes(t *testing.T, s *service, when time.Time) string {
	t.Helper()
	history, err := s.ListOutcomes(t.Context(), &fraudactivityv1.ListOutcomesRequest{TransactionId: "a"})
	if err != nil {
		t.Fatal(err)
	}
	var labels []int32
	for _, o := range history.Outcomes {
		labels = append(labels, int32(o.Outcome))
	}
	summary, err := s.SummarizeFraudActivity(t.Context(), &fraudactivityv1.SummarizeFraudActivityRequest{
		From: timestamppb.New(when), To: timestamppb.New(when.Add(time.Second)), Buckets: 1})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := s.ListLabelledTransactions(t.Context(), &fraudactivityv1.ListLabelledTransactionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[bool]int{}
	for _, labelled := range []bool{true, false} {
		page, err := s.ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{Filter: &fraudactivityv1.Filter{Labelled: &labelled}})
		if err != nil {
			t.Fatal(err)
		}
		for _, activity := range page.FraudActivities {
			if shown := activity.Assessment.Outcome != nil; shown != labelled {
				t.Errorf("labelled %t, and an outcome shows: %t", labelled, shown)
			}
		}
		found[labelled] = len(page.FraudActivities)
	}
	b := summary.Buckets[0]
	return fmt.Sprintf("history %v, %d of %d frauds, listed %d, labelled %d, not labelled %d",
		labels, b.FlaggedOutcomeFraud, b.Flagged, len(listed.LabelledTransactions), found[true], found[false])
}

func TestWhatCannotBeSummarizedOrListedIsRefused(t *testing.T) {
	store, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := &service{Config: Config{Store: store}}
	at := timestamppb.New(time.Unix(1_700_000_000, 0))
	_, err = s.SummarizeFraudActivity(t.Context(), &fraudactivityv1.SummarizeFraudActivityRequest{From: at, To: at, Buckets: 1})
	if fraud.ReasonOf(err) != fraud.ReasonInvalidArgument || err.Error() != "INVALID_ARGUMENT: to: must be after from" {
		t.Errorf("from to itself: %v", err)
	}
	_, err = s.ListOutcomes(t.Context(), &fraudactivityv1.ListOutcomesRequest{TransactionId: "nobody"})
	if fraud.ReasonOf(err) != fraud.ReasonTransactionUnknown {
		t.Errorf("nobody: %v", err)
	}
}
