package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/health"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
)

func TestFaultsAreToldFromMistakes(t *testing.T) {
	h := health.New(faultOf, nil)
	told := func(code string) error { return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code}) }
	for _, test := range []struct {
		err  error
		want *health.Fault
	}{
		{told("08006"), unreachable}, {told("57P01"), starting}, {told("57P03"), starting}, {told("25P03"), unreachable},
		{told("28P01"), refused}, {told("3D000"), refused}, {told("42501"), refused}, {told("53300"), crowded}, {told("53100"), diskFull},
		{told("53200"), exhausted}, {told("25006"), readOnly}, {told("40P01"), locked}, {told("40001"), locked}, {told("55P03"), locked},
		{told("57014"), silent}, {told("58030"), diskFails}, {told("XX001"), damaged}, {errSilent, silent},
		{fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF), unreachable}, {&net.OpError{Op: "dial", Err: errors.New("refused")}, unreachable},
		{told("23505"), nil}, {told("42P01"), nil}, {told("22021"), nil}, {told(""), nil}, {errClosed, nil},
		{context.Canceled, nil}, {context.DeadlineExceeded, nil}, {nil, nil},
	} {
		if got := faultOf(test.err); got != test.want {
			t.Errorf("%v: %v, want %v", test.err, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := fraud.ReasonOf(h.FailedCall(test.err)) == fraud.ReasonStoreUnavailable; got != (test.want != nil) {
			t.Errorf("%v: STORE_UNAVAILABLE %t", test.err, got)
		}
	}
}

// TestWhatIsAcknowledgedWhileConnectionsBreakIsThereOnce has two gateways record, assess
// and label while their connections are cut again and again, in the midst of commits too.
func TestWhatIsAcknowledgedWhileConnectionsBreakIsThereOnce(t *testing.T) {
	t.Parallel()
	direct, url := openMigrated(t)
	proxy := pgtest.NewProxy(t, pgtest.AddressOf(t, url))
	const callers, calls, size = 4, 12, 20
	steps := make(chan struct{}) // one for each attempt at a call
	var wait sync.WaitGroup
	acknowledged := make([][]string, callers)
	for caller := range callers {
		s, err := Open(t.Context(), proxy.Through(url))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		wait.Go(func() {
			for call := range calls {
				var ids []string
				var transactions []fraud.Transaction
				var outcomes []fraud.Outcome
				for i := range size {
					ids = append(ids, fmt.Sprintf("%d.%d.%d", caller, call, i))
					transactions = append(transactions, fraud.Transaction{ID: ids[i], AccountID: fmt.Sprint(i % 5), Amount: 1, Time: marchFirst})
					outcomes = append(outcomes, fraud.Outcome{TransactionID: ids[i], Label: fraud.OutcomeFraud, Source: fraud.SourceAnalyst, OccurredAt: marchFirst})
				}
				persist(t, steps, func() error { _, err := s.Record(t.Context(), transactions); return err })
				var assessments []fraud.Assessment
				persist(t, steps, func() error {
					found, err := s.LookUp(t.Context(), ids, "v1")
					assessments = nil
					for _, r := range found {
						assessments = append(assessments, fraud.Assessment{Transaction: r.Transaction, ModelVersion: "v1", AssessedAt: marchFirst})
					}
					return err
				})
				persist(t, steps, func() error { _, err := s.RecordAssessments(t.Context(), assessments); return err })
				persist(t, steps, func() error { _, err := s.ReportOutcomes(t.Context(), outcomes); return err })
				acknowledged[caller] = append(acknowledged[caller], ids...)
			}
		})
	}
	go func() { wait.Wait(); close(steps) }()
	for range steps {
		<-steps // so that some get through
		proxy.Cut()
	}
	const all = callers * calls * size
	end, err := direct.FeedEnd(t.Context())
	if err != nil || end != (fraud.Position{Assessment: all, Outcome: all}) {
		t.Errorf("the feed ends at %v, want %d of each: %v", end, all, err)
	}
	numbers := map[string]map[int32]bool{}
	for _, ids := range acknowledged {
		found, err := direct.LookUp(t.Context(), ids, "v1")
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range found {
			if r.Err != nil || r.Assessment == nil {
				t.Fatalf("%s was acknowledged, and is %+v", ids[i], r)
			}
			facts := r.Transaction.Facts
			if numbers[facts.AccountID] == nil {
				numbers[facts.AccountID] = map[int32]bool{}
			}
			numbers[facts.AccountID][facts.NumberOfTransactions] = true
		}
	}
	for account, of := range numbers {
		if len(of) != all/5 || !of[1] || !of[all/5] {
			t.Errorf("account %s has %d different numbers, want 1 to %d", account, len(of), all/5)
		}
	}
}

// persist repeats a call that the store could not take, and no other.
func persist(t *testing.T, steps chan<- struct{}, call func() error) {
	for {
		steps <- struct{}{}
		err := call()
		if err == nil {
			return
		}
		if fraud.ReasonOf(err) != fraud.ReasonStoreUnavailable {
			t.Error(err)
			return
		}
	}
}
