package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
)

func openMigrated(t testing.TB) (s *Store, url string) {
	t.Helper()
	url = pgtest.Database(t)
	if _, _, err := Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, url
}

func exec(t testing.TB, s *Store, sql string, args ...any) {
	t.Helper()
	err := s.update(t.Context(), "test", func(c *conn) error { _, err := c.Exec(c.ctx, sql, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}

var marchFirst = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// live records, assesses and labels so many transactions of one account.
func live(t testing.TB, s *Store, prefix string, n int, at time.Time) {
	t.Helper()
	var transactions []fraud.Transaction
	var ids []string
	for i := range n {
		id := fmt.Sprint(prefix, i)
		ids = append(ids, id)
		transactions = append(transactions, fraud.Transaction{ID: id, AccountID: "account", Amount: 5, Time: at.Add(time.Duration(i) * time.Second)})
	}
	if _, err := s.Record(t.Context(), transactions); err != nil {
		t.Fatal(err)
	}
	found, err := s.LookUp(t.Context(), ids, "v1")
	if err != nil {
		t.Fatal(err)
	}
	var assessments []fraud.Assessment
	var outcomes []fraud.Outcome
	for i, r := range found {
		assessments = append(assessments, fraud.Assessment{Transaction: r.Transaction, ModelVersion: "v1", Probability: float64(i) / float64(n), AssessedAt: at})
		outcomes = append(outcomes, fraud.Outcome{TransactionID: ids[i], Label: fraud.OutcomeFraud, Source: fraud.SourceAnalyst, OccurredAt: at})
	}
	if _, err := s.RecordAssessments(t.Context(), assessments); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReportOutcomes(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
}

// age makes what is recorded so far that of another month.
func age(t testing.TB, s *Store, back month) {
	t.Helper()
	var now month
	err := s.update(t.Context(), "make a month", func(c *conn) error {
		if err := each(c, "SELECT "+monthSQL, func(r *row) { now = month(r.int()) }); err != nil {
			return err
		}
		return makeMonth(c, now-back)
	})
	if err != nil {
		t.Fatal(err)
	}
	shift := int64(back) << monthBits
	for _, table := range append(partitioned[:], "transaction_ids") {
		exec(t, s, "UPDATE "+table+" SET transaction_seq = transaction_seq - $1 WHERE transaction_seq >= $2", shift, now.first())
	}
	exec(t, s, "UPDATE months SET (first_time, last_time) = (SELECT first_time, last_time FROM months WHERE month = $1) WHERE month = $2", int64(now), int64(now-back))
}

func isRecorded(t testing.TB, s *Store, id string) bool {
	t.Helper()
	found, err := s.LookUp(t.Context(), []string{id}, "v1")
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Err == nil
}

func TestADroppedMonthIsGoneAndAllElseStays(t *testing.T) {
	t.Parallel()
	s, _ := openMigrated(t)
	live(t, s, "old", 30, marchFirst)
	age(t, s, 14)
	live(t, s, "new", 20, marchFirst.Add(time.Hour))
	buckets := fraud.Buckets{From: marchFirst.Truncate(24 * time.Hour), Minutes: 1440, Number: 1}
	before, err := s.Summarize(t.Context(), buckets)
	if err != nil || before[0].Assessed != 50 || before[0].Frauds != 50 {
		t.Fatalf("%+v, %v", before, err)
	}
	cut := time.Now().AddDate(0, -13, 0)
	would, err := s.MonthsBefore(t.Context(), cut)
	if err != nil || len(would) != 1 || would[0].Transactions != 30 {
		t.Fatalf("would drop %v, %v", would, err)
	}
	broken, stop := context.WithCancel(t.Context())
	stop()
	if err := s.DropBefore(broken, cut, "user:alice", func(Dropped) {}); !errors.Is(err, context.Canceled) || !isRecorded(t, s, "old0") {
		t.Errorf("broken off: %v", err)
	}
	// As one that is ended after the first step leaves it.
	if err := s.forgetIDs(t.Context(), monthOf(t, would[0].Month)); err != nil {
		t.Fatal(err)
	}
	var told []Dropped
	if err := s.DropBefore(t.Context(), cut, "user:alice", func(d Dropped) { told = append(told, d) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0] != would[0] {
		t.Errorf("dropped %v, would have dropped %v", told, would)
	}
	if isRecorded(t, s, "old0") || !isRecorded(t, s, "new0") {
		t.Error("what is there is not what is kept")
	}
	page, err := s.List(t.Context(), fraud.Query{Limit: 100})
	if err != nil || len(page.Items) != 20 {
		t.Errorf("lists %d, %v", len(page.Items), err)
	}
	after, err := s.Summarize(t.Context(), buckets)
	if err != nil || after[0] != before[0] {
		t.Errorf("summaries count %+v, %+v before: %v", after, before, err)
	}
	live(t, s, "old", 1, marchFirst.Add(2*time.Hour)) // the ID is free, and the account goes on
	found, err := s.LookUp(t.Context(), []string{"old0"}, "v1")
	if err != nil || found[0].Transaction.Facts.NumberOfTransactions != 51 {
		t.Errorf("%+v, %v", found, err)
	}
	acts, err := s.ListActs(t.Context(), fraud.ActQuery{Kind: fraud.ActMonthDropped, Limit: 10})
	if err != nil || len(acts) != 1 || acts[0].Object != would[0].Month || acts[0].Detail != "30 transactions" || acts[0].Actor != "user:alice" {
		t.Errorf("%+v, %v", acts, err)
	}
}

func monthOf(t testing.TB, name string) month {
	t.Helper()
	at, err := time.Parse("2006-01", name)
	if err != nil {
		t.Fatal(err)
	}
	return month(at.Year()*12 + int(at.Month()) - 1)
}

func TestAListGoesOnBehindAnItemThatHasBeenDropped(t *testing.T) {
	t.Parallel()
	s, _ := openMigrated(t)
	live(t, s, "old", 2, marchFirst.Add(time.Hour)) // assessed later than what was recorded after it
	age(t, s, 14)
	live(t, s, "new", 3, marchFirst)
	page, err := s.List(t.Context(), fraud.Query{Limit: 2})
	if err != nil || len(page.Items) != 2 || page.Items[1].Assessment.Transaction.ID != "old0" {
		t.Fatalf("%+v, %v", page.Items, err)
	}
	if err := s.DropBefore(t.Context(), time.Now().AddDate(0, -13, 0), "user:alice", func(Dropped) {}); err != nil {
		t.Fatal(err)
	}
	page, err = s.List(t.Context(), fraud.Query{Limit: 5, After: page.Next})
	if err != nil || len(page.Items) != 3 || page.Next != nil {
		t.Errorf("%+v, %v", page.Items, err)
	}
}

func TestAMonthIsDroppedOnceWhoReadsItIsDone(t *testing.T) {
	t.Parallel()
	s, _ := openMigrated(t)
	live(t, s, "old", 3, marchFirst)
	age(t, s, 14)
	done := make(chan error, 1)
	err := s.snapshot(t.Context(), "read for long", func(c *conn) error {
		if err := each(c, "SELECT FROM transactions", nil); err != nil {
			return err
		}
		go func() {
			done <- s.DropBefore(t.Context(), time.Now().AddDate(0, -13, 0), "user:alice", func(Dropped) {})
		}()
		for s.Failures() == 0 { // until it was refused the lock
			if err := t.Context().Err(); err != nil {
				return err
			}
			live(t, s, fmt.Sprint("new", time.Now().UnixNano()), 1, marchFirst) // others go on
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || isRecorded(t, s, "old0") {
		t.Errorf("%v", err)
	}
}
