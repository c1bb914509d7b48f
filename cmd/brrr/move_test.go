package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

var movedDay = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// fillToMove records payments of a few accounts, what two models said of them, and
// reports: from some number on, one more than so many.
func fillToMove(t *testing.T, s fraud.Store, from, n int) {
	t.Helper()
	var transactions []fraud.Transaction
	var ids []string
	for i := from; i < from+n; i++ {
		ids = append(ids, fmt.Sprint("t", i))
		transactions = append(transactions, fraud.Transaction{ID: ids[len(ids)-1], AccountID: fmt.Sprint("account-", i%7), Amount: float64(i%90) + 0.1,
			Currency: "EUR", Time: movedDay.Add(time.Duration(i*i%5000) * time.Minute), RecordedBy: "k"})
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
		of := fraud.Assessment{Transaction: r.Transaction, ModelVersion: "v1", Label: i%9 == 0, Probability: float64(i%100) / 99, Threshold: 0.5,
			AssessedAt: movedDay.Add(time.Duration(i) * time.Minute), AssessedBy: "k"}
		assessments = append(assessments, of)
		if i%5 == 0 {
			of.ModelVersion, of.Threshold = "v2", math.NaN()
			assessments = append(assessments, of)
		}
		if i%3 == 0 {
			outcomes = append(outcomes, fraud.Outcome{TransactionID: r.Transaction.ID, Label: fraud.OutcomeLabel(i%2 + 1), Source: fraud.SourceAnalyst,
				OccurredAt: movedDay.Add(time.Duration(i) * time.Hour), Note: "a zero\x00 and more", ReportedBy: "k"})
		}
	}
	if _, err := s.RecordAssessments(t.Context(), assessments); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReportOutcomes(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
}

// contents is all that a store shows, but for its own numbers of transactions and for
// when reports arrived.
func contents(t *testing.T, s fraud.Store) []string {
	t.Helper()
	var all []string
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	listed := func(what string, l fraud.Listed) {
		l.Assessment.Transaction.Seq = 0
		outcome := fraud.Outcome{}
		if l.Outcome != nil {
			outcome = *l.Outcome
			outcome.ReportedAt = time.Time{}
		}
		all = append(all, fmt.Sprintf("%s %+v %q", what, l.Assessment, fmt.Sprintf("%+v", outcome)))
	}
	for _, order := range []fraud.Order{fraud.OrderNewest, fraud.OrderProbability} {
		page, err := s.List(ctx, fraud.Query{Order: order, Limit: 10_000})
		must(err)
		for _, l := range page.Items {
			listed("listed", l)
		}
	}
	end, err := s.FeedEnd(ctx)
	must(err)
	feed, err := s.FeedAssessments(ctx, fraud.Query{}, fraud.Span{UpTo: end.Assessment}, 10_000)
	must(err)
	for _, f := range feed {
		listed(fmt.Sprint("fed ", f.Seq), f.Listed)
	}
	reports, err := s.FeedOutcomes(ctx, fraud.Span{UpTo: end.Outcome}, 10_000)
	must(err)
	for _, r := range reports {
		r.ReportedAt = time.Time{}
		all = append(all, fmt.Sprintf("report %+v", r))
	}
	counts, err := s.Summarize(ctx, fraud.Buckets{From: movedDay, Minutes: 60, Number: 24 * 30})
	must(err)
	keys, err := s.ListKeys(ctx)
	must(err)
	acts, err := s.ListActs(ctx, fraud.ActQuery{Limit: 100})
	must(err)
	return append(all, fmt.Sprint(counts), fmt.Sprintf("%+v", keys), fmt.Sprintf("%+v", acts))
}

func TestAStoreMovesIntoPostgresHoweverOftenItIsBrokenOffAndGoesOn(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), pgtest.Database(t)
	file, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fillToMove(t, file, 0, 300)
	newKey(t, file, "admin")
	execSQL(t, dir, "UPDATE transactions SET recorded_at = recorded_at - 90 * 86400000000 WHERE transaction_seq <= 100")
	from, err := sql.Open("sqlite", "file:"+sqlite.StoreFile(dir)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	var right float64
	if err := from.QueryRow("SELECT probability FROM assessments WHERE assessment_seq = 7").Scan(&right); err != nil {
		t.Fatal(err)
	}
	spoilt := false
	for begun := map[string]bool{}; ; {
		ctx, stop := context.WithCancel(t.Context())
		err := postgres.Move(ctx, url, dir, from, func(m postgres.Moved) {
			if what := fmt.Sprint(m.Part, m.Comparing); !begun[what] { // each ends the first attempt that comes to it
				begun[what] = true
				stop()
			}
		})
		stop()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if begun["keystrue"] && !spoilt { // what is compared may have changed behind our back
			spoilt = true
			base := execPostgres(t, url, "UPDATE assessments SET probability = 0.123 WHERE assessment_seq = 7 RETURNING model_version")
			err := postgres.Move(t.Context(), url, dir, from, func(postgres.Moved) {})
			if err == nil || !strings.Contains(err.Error(), "probability is 0.123 where it was ") {
				t.Fatalf("a row of %s was changed, and the move says %v", base, err)
			}
			execPostgres(t, url, "UPDATE assessments SET probability = $1 WHERE assessment_seq = 7 RETURNING model_version", right)
		}
		if _, err := postgres.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "not finished: run brrr migrate") {
			t.Fatalf("a gateway begins on half a store: %v", err)
		}
	}
	for _, refused := range []string{dir, t.TempDir()} {
		if err := postgres.Move(t.Context(), url, refused, from, func(postgres.Moved) {}); err == nil || !strings.Contains(err.Error(), "in use already") {
			t.Errorf("moved once more: %v", err)
		}
	}
	base, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	for _, more := range []int{0, 100} { // both go on from here
		if more > 0 {
			fillToMove(t, file, 300, more)
			fillToMove(t, base, 300, more)
		}
		want, got := contents(t, file), contents(t, base)
		if len(got) != len(want) {
			t.Fatalf("%d lines, want %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("with %d more:\n got %s\nwant %s", more, got[i], want[i])
			}
		}
	}
}

// execPostgres runs a statement that returns a text, on a database from outside.
func execPostgres(t *testing.T, url, statement string, args ...any) (returned string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), statement, args...).Scan(&returned); err != nil {
		t.Fatal(err)
	}
	return returned
}

func TestAMoveIsRefusedThatWouldMixOrMissAnything(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	if code, _, errs := command(t, "migrate", "--store="+url, "--from="+t.TempDir()); code != exitFailed || !strings.Contains(errs, "there is no store in") {
		t.Errorf("from nothing: exit %d, %s", code, errs)
	}
	dir := t.TempDir()
	s := &testServer{app: startOn(t, dir, noModel), data: dir, keys: map[string]string{}}
	s.keys["backend"] = newKey(t, s.store, "backend")
	if code, _, errs := command(t, "migrate", "--store="+url, "--from="+dir); code != exitFailed || !strings.Contains(errs, "serve") {
		t.Errorf("beside a server: exit %d, %s", code, errs)
	}
	s.stop(t)
	if code, _, errs := command(t, "migrate", "--store="+url, "--from="+dir); code != exitDone || !strings.Contains(errs, "each compared") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, out, errs := command(t, "keys", "list", "--store="+url); code != exitDone || !strings.Contains(out, "backend") {
		t.Errorf("keys: exit %d, %s%s", code, out, errs)
	}
	if code, _, errs := command(t, "retention", "--store="+url, "--keep=400d"); code != exitDone || !strings.Contains(errs, "0 months") {
		t.Errorf("retention: exit %d, %s", code, errs)
	}
	if code, _, errs := command(t, "retention", "--store="+url, "--keep=3d"); code != exitUsage || !strings.Contains(errs, "at least 31d") {
		t.Errorf("retention of 3 days: exit %d, %s", code, errs)
	}
}
