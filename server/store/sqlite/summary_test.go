package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

var summaryStart = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// summaryDays are those of the assessments here, by minutes and by hours.
var summaryDays = []fraud.Buckets{
	{From: summaryStart, Minutes: 7, Number: 2*24*60/7 + 1}, {From: summaryStart, Minutes: 60, Number: 2 * 24},
}

// Several stores on one file fold and write at any time, in steps of any size:
// what they count is always what is there.
func TestFoldsOfSeveralStoresCountEachRowOnce(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 6))
			dir := t.TempDir()
			stores := []*Store{openIn(t, dir), openIn(t, dir), openIn(t, dir)}
			for _, s := range stores {
				s.folding.Stride = reckon.Marks{Assessment: 1 + random.Int64N(40), Outcome: 1 + random.Int64N(20)}
			}
			recordNumbered(t, stores[0], 100)
			for i := range 40 {
				s := stores[random.IntN(len(stores))]
				switch random.IntN(5) {
				case 0, 1:
					writeAssessments(t, s, random, 100, 1+random.IntN(30))
				case 2:
					writeReports(t, s, random, 100, 1+random.IntN(30))
				case 3:
					if _, err := s.foldStep(t.Context()); err != nil {
						t.Fatal(err)
					}
				case 4:
					foldTogether(t, stores)
				}
				compareSummary(t, stores[random.IntN(len(stores))], summaryDays[i%2])
			}
		})
	}
}

func foldTogether(t *testing.T, stores []*Store) {
	t.Helper()
	var wait sync.WaitGroup
	errs := make([]error, len(stores))
	for i, s := range stores {
		wait.Go(func() { errs[i] = s.folding.Fold(t.Context()) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A store that was left with much to fold folds it once it is opened, and one
// that is closed at once leaves what it is good for.
func TestFoldingGoesOnWhereItWasLeft(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	s.folding.End() // as one that does not count
	recordNumbered(t, s, 1000)
	random := rand.New(rand.NewPCG(7, 7))
	for range 6 {
		writeAssessments(t, s, random, 1000, 900)
		writeReports(t, s, random, 1000, 200)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if s, err := Open(t.Context(), dir); err != nil || s.Close() != nil {
			t.Fatal(err)
		}
	}
	s = openIn(t, dir)
	s.folding.Wait()
	left := tailOf(t, s)
	if _, due := left.Step(s.folding.Stride); due || left.Folded.Assessment < s.folding.Stride.Assessment || left.Folded.Outcome < s.folding.Stride.Outcome {
		t.Errorf("after folding there is left %+v", left)
	}
	compareSummary(t, s, summaryDays[0])
}

// Writing and summarizing set folding off, which ends with the store.
func TestFoldingFollowsWriting(t *testing.T) {
	for name, setOff := range map[string]func(t *testing.T, s *Store){
		"who writes":     func(t *testing.T, s *Store) { s.folding.Wrote(1_000) },
		"who summarizes": func(t *testing.T, s *Store) { compareSummary(t, s, summaryDays[1]) },
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			recordNumbered(t, s, 100)
			writeAssessments(t, s, rand.New(rand.NewPCG(8, 8)), 100, 50)
			s.folding.Wait()
			s.folding.Stride = reckon.Marks{Assessment: 10, Outcome: 10}
			before := tailOf(t, s)
			if before.Folded != (reckon.Marks{}) {
				t.Fatalf("folded too soon: %+v", before)
			}
			setOff(t, s)
			s.folding.Wait()
			if after := tailOf(t, s); after.End.Assessment-after.Folded.Assessment >= 10 {
				t.Errorf("there is left %+v", after)
			}
			compareSummary(t, s, summaryDays[1])
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s.folding.Start()
			if s.folding.Running() {
				t.Error("it folds after Close")
			}
		})
	}
}

// What keeps folding from its work is logged, and neither fails a call nor
// changes an answer.
func TestAFoldThatFailsFailsNoCall(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	s := openStore(t)
	recordNumbered(t, s, 100)
	err := s.update(t.Context(), "test", func(c *engine.Conn) error {
		return run(c, "CREATE TRIGGER no BEFORE UPDATE ON summary_marks BEGIN SELECT raise(ABORT, 'the marks stay'); END")
	})
	if err != nil {
		t.Fatal(err)
	}
	s.folding.Stride = reckon.Marks{Assessment: 10, Outcome: 10}
	writeAssessments(t, s, rand.New(rand.NewPCG(9, 9)), 100, 50)
	s.folding.Start()
	s.folding.Wait()
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "the marks stay") {
		t.Errorf("logged %q", log.String())
	}
	writeReports(t, s, rand.New(rand.NewPCG(10, 10)), 100, 50)
	compareSummary(t, s, summaryDays[0])
	s.folding.Wait()
	if left := tailOf(t, s); left.Folded != (reckon.Marks{}) || left.End.Assessment != 50 {
		t.Errorf("there is left %+v", left)
	}
}

// What summaries look at is found along indexes.
func TestSummaryPlans(t *testing.T) {
	s := openStore(t)
	for _, test := range []struct {
		name, sql string
		want      []string
	}{
		{"assessments", tailAssessmentsSQL, []string{
			"SEARCH assessments USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
			"SEARCH outcomes USING COVERING INDEX outcomes_once (transaction_seq=?)"}},
		{"outcomes", tailOutcomesSQL, []string{
			"SEARCH outcomes USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
			"SEARCH assessments USING INDEX assessments_of_transaction (transaction_seq=?)",
			"SEARCH outcomes USING COVERING INDEX outcomes_once (transaction_seq=?)"}},
		{"minutes", byMinute.read, []string{"SEARCH summary_minutes USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"}},
		{"ends", tailSQL, []string{"SEARCH assessments", "SEARCH outcomes"}},
	} {
		plan := explainSQL(t, s, test.sql, nil)
		for _, want := range test.want {
			if !strings.Contains(plan, want) {
				t.Errorf("%s: want %q; the plan is\n%s", test.name, want, plan)
			}
		}
		if strings.Contains(plan, "ORDER BY") {
			t.Errorf("%s: sorts; the plan is\n%s", test.name, plan)
		}
	}
}

// recordNumbered records so many transactions, t1 the first of them.
func recordNumbered(t *testing.T, s *Store, n int) {
	t.Helper()
	var call []fraud.Transaction
	for i := range n {
		call = append(call, fraud.Transaction{ID: fmt.Sprint("t", i+1), AccountID: "a", Amount: 1, Time: summaryStart})
	}
	if _, err := s.Record(t.Context(), call); err != nil {
		t.Fatal(err)
	}
}

// writeAssessments are of the first of transactions, over two days.
func writeAssessments(t *testing.T, s *Store, random *rand.Rand, transactions, n int) {
	t.Helper()
	var call []fraud.Assessment
	for _, i := range random.Perm(transactions)[:n] {
		call = append(call, fraud.Assessment{Transaction: fraud.Recorded{Seq: int64(i + 1)}, ModelVersion: fmt.Sprint("v", random.IntN(50)),
			Label: random.IntN(2) == 0, Probability: random.Float64(),
			AssessedAt: summaryStart.Add(time.Duration(random.Int64N(int64(48 * time.Hour))))})
	}
	if _, err := s.RecordAssessments(t.Context(), call); err != nil {
		t.Fatal(err)
	}
}

func writeReports(t *testing.T, s *Store, random *rand.Rand, transactions, n int) {
	t.Helper()
	call := make([]fraud.Outcome, n)
	for i := range call {
		call[i] = fraud.Outcome{TransactionID: fmt.Sprint("t", 1+random.IntN(transactions)), Label: fraud.OutcomeLabel(1 + random.IntN(3)),
			Source: fraud.SourceAnalyst, OccurredAt: summaryStart.Add(time.Duration(random.IntN(5)) * time.Hour), Note: fmt.Sprint(random.IntN(9))}
	}
	if _, err := s.ReportOutcomes(t.Context(), call); err != nil {
		t.Fatal(err)
	}
}

// compareSummary holds a summary against one statement that goes through all.
func compareSummary(t *testing.T, s *Store, b fraud.Buckets) {
	t.Helper()
	sql := `SELECT (assessed_at - ?) / ?, CAST(probability * 20 AS INTEGER), label, coalesce(` + newestReport("label", "assessments.transaction_seq") + `, 0)
		FROM assessments`
	want := make([]fraud.Bucket, b.Number)
	err := s.view(t.Context(), "go through all", func(c *engine.Conn) error {
		bind := func(p *params) { p.time(b.From); p.int(b.Minutes * reckon.MicrosPerMinute) }
		return each(c, sql, bind, func(r *row) {
			of, bin, flagged, outcome := &want[r.int()], r.int(), r.int(), fraud.OutcomeLabel(r.int())
			of.Assessed++
			of.Flagged += flagged
			of.Histogram[bin]++
			switch outcome {
			case fraud.OutcomeFraud:
				of.Frauds++
				of.FlaggedFrauds += flagged
			case fraud.OutcomeLegitimate:
				of.Legitimates++
				of.FlaggedLegitimates += flagged
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Summarize(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("bucket %d of %d minutes:\n got %+v\nwant %+v", i, b.Minutes, got[i], want[i])
		}
	}
}

func tailOf(t *testing.T, s *Store) (left reckon.Tail) {
	t.Helper()
	err := s.view(t.Context(), "read the tail", func(c *engine.Conn) (err error) {
		left, err = readTail(c)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}
