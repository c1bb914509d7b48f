package assess_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func newReporter(t *testing.T, w *world, opts batch.Options) *assess.Reporter {
	t.Helper()
	r, err := assess.NewReporter(w.store, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func chargeback(id, note string) fraud.Outcome {
	return fraud.Outcome{TransactionID: id, Label: fraud.OutcomeFraud, Source: fraud.SourceChargeback,
		OccurredAt: time.Unix(1_700_086_400, 0).UTC(), Note: note, ReportedBy: "analyst"}
}

func TestReportsThatWaitTogetherCommitTogetherAndEachIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{})
		r := newReporter(t, w, batch.Options{InFlight: 1})
		release, commits := make(chan struct{}), 0
		w.store.before = func(string) {
			<-release
			commits++
		}
		ids := []string{"a", "b", "nobody", "c", "d", "a"}
		var callers sync.WaitGroup
		for i, id := range ids {
			callers.Go(func() {
				got, err := r.Report(context.Background(), chargeback(id, fmt.Sprint(i)))
				if id == "nobody" {
					checkReason(t, err, fraud.ReasonTransactionUnknown)
					return
				}
				if err != nil || got.TransactionID != id || got.Note != fmt.Sprint(i) || got.ReportedAt.IsZero() {
					t.Errorf("%s: %+v, %v", id, got, err)
				}
			})
			synctest.Wait()
		}
		close(release)
		callers.Wait()
		if commits != 2 {
			t.Errorf("%d commits for one report and the five that came meanwhile, want 2", commits)
		}
		newest, err := w.store.NewestOutcomes(t.Context(), ids)
		if err != nil || len(newest) != 4 || newest["a"].Note != "5" || newest["d"].Label != fraud.OutcomeFraud {
			t.Errorf("recorded %+v, %v", newest, err)
		}
	})
}

func TestAReportIsDurableBeforeItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{})
		other := openStore(t, w.dir)
		r := newReporter(t, w, batch.Options{})
		release, answered := make(chan struct{}), make(chan error, 1)
		w.store.after = func(string) { <-release }
		go func() {
			_, err := r.Report(context.Background(), chargeback("a", ""))
			answered <- err
		}()
		synctest.Wait()
		if len(answered) != 0 {
			t.Error("answered before ReportOutcomes returned")
		}
		if newest, err := other.NewestOutcomes(t.Context(), []string{"a"}); err != nil || len(newest) != 1 {
			t.Errorf("another reader finds %+v, %v", newest, err)
		}
		close(release)
		if err := <-answered; err != nil {
			t.Error(err)
		}
	})
}

func TestAStoreThatFailsFailsEveryReport(t *testing.T) {
	for name, spoil := range map[string]func(*faulty){
		"it fails":           func(s *faulty) { s.fail = map[string]error{"ReportOutcomes": errBoom} },
		"it answers too few": func(s *faulty) { s.short = map[string]bool{"ReportOutcomes": true} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch.Options{})
			spoil(w.store)
			r := newReporter(t, w, batch.Options{})
			var callers sync.WaitGroup
			for _, id := range []string{"a", "b", "c"} {
				callers.Go(func() {
					got, err := r.Report(t.Context(), chargeback(id, ""))
					if err == nil || fraud.ReasonOf(err) != fraud.ReasonInternal || got != (fraud.Outcome{}) {
						t.Errorf("%+v, %v, want an error without a reason", got, err)
					}
				})
			}
			callers.Wait()
		})
	}
}

func TestAClosedReporterRefusesWithATimeToRetry(t *testing.T) {
	w := newWorld(t, batch.Options{})
	r := newReporter(t, w, batch.Options{})
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := r.Report(t.Context(), chargeback("a", ""))
	checkQueueFull(t, err)
}
