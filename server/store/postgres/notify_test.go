package postgres_test

import (
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

// awaitEnd waits by the bell alone until the feed goes as far.
func awaitEnd(t *testing.T, s *postgres.Store, want fraud.Position) {
	t.Helper()
	for {
		select {
		case <-s.Recorded():
		case <-t.Context().Done():
			t.Fatal("the bell is silent")
		}
		switch end, err := s.FeedEnd(t.Context()); {
		case err != nil:
			t.Fatal(err)
		case end == want:
			return
		}
	}
}

func TestAGatewayHearsWhatAnotherRecords(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	proxy := pgtest.NewProxy(t, pgtest.AddressOf(t, url))
	a, b := open(t, proxy.Through(url)), open(t, url)
	awaitEnd(t, a, fraud.Position{})
	if _, err := b.Record(t.Context(), []fraud.Transaction{{ID: "a", AccountID: "a", Amount: 1, Time: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	found, err := b.LookUp(t.Context(), []string{"a"}, "v1")
	if err != nil {
		t.Fatal(err)
	}
	assess := func(version string) {
		t.Helper()
		_, err := b.RecordAssessments(t.Context(), []fraud.Assessment{{Transaction: found[0].Transaction, ModelVersion: version, AssessedAt: time.Now()}})
		if err != nil {
			t.Fatal(err)
		}
	}
	assess("v1")
	awaitEnd(t, a, fraud.Position{Assessment: 1})
	proxy.Cut() // it listens again by itself, and has missed nothing
	assess("v2")
	awaitEnd(t, a, fraud.Position{Assessment: 2})
	_, err = b.ReportOutcomes(t.Context(), []fraud.Outcome{{TransactionID: "a", Label: fraud.OutcomeFraud, Source: fraud.SourceAnalyst, OccurredAt: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, a, fraud.Position{Assessment: 2, Outcome: 1})
}
