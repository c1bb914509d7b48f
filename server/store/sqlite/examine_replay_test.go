package sqlite

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// wantNoFaults fails if anything is wrong with the store in dir.
func wantNoFaults(t *testing.T, dir string) {
	t.Helper()
	err := Examine(t.Context(), filepath.Join(dir, fileName), false, func(c Check) {
		if !c.Well() || c.Note != "" {
			t.Errorf("%s: %d faults: %s %s", c.Name, c.Wrong, strings.Join(c.Shown, "; "), c.Note)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Transactions that come late, at the same time and in calls of any size have the
// facts that the doctor finds for them all at once.
func TestReplayedFactsAreThoseThatWereFrozen(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 0))
	dir := t.TempDir()
	s := openIn(t, dir)
	for n := 0; n < 2000; {
		var call []fraud.Transaction
		for range 1 + random.IntN(60) {
			call = append(call, earlierPayment(random, fmt.Sprint(n)))
			n++
		}
		if _, err := s.Record(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	wantNoFaults(t, dir)
}

// What a migration computed is what would have been frozen.
func TestOlderStoresAreWellOnceTheyCameAlong(t *testing.T) {
	t.Parallel()
	dir := storeOf(t, 2,
		`INSERT INTO accounts VALUES (1, 'account', 0, 3, 9000000000)`,
		`INSERT INTO transactions VALUES (1, 'a', 1, 12.5, 'EUR', 1000000, 1, 1, 0, 'backend'),
			(2, 'b', 1, 0.1, 'EUR', 9000000000, 9000, 2, 0, 'backend'), (3, 'c', 1, 0.2, 'EUR', 5000000, 5, 2, 0, 'backend')`)
	err := Examine(t.Context(), StoreFile(dir), false, func(c Check) {
		if older := strings.Contains(c.Note, "brings it up to version") || strings.Contains(c.Note, "the schema is another"); !c.Well() ||
			older == (c.Name == "file structure") {
			t.Errorf("before: %+v", c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := openIn(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	wantNoFaults(t, dir)
}

// Outcomes move what is counted already; the recount comes to the same.
func TestRecountedSummariesAreThoseThatWereFolded(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 1))
	dir := t.TempDir()
	s := openIn(t, dir)
	s.folding.Stride = reckon.Marks{Assessment: 7, Outcome: 3}
	for n := range int64(300) {
		if _, err := s.Record(t.Context(), []fraud.Transaction{earlierPayment(random, fmt.Sprint(n))}); err != nil {
			t.Fatal(err)
		}
		a := fraud.Assessment{Transaction: fraud.Recorded{Seq: 1 + n}, ModelVersion: "v1", Probability: random.Float64(),
			Label: n%2 == 0, AssessedAt: time.Unix(random.Int64N(20_000), 0), AssessedBy: "x"}
		if _, err := s.RecordAssessments(t.Context(), []fraud.Assessment{a}); err != nil {
			t.Fatal(err)
		}
		o := fraud.Outcome{TransactionID: fmt.Sprint(random.Int64N(n + 1)), Label: fraud.OutcomeLabel(1 + random.IntN(3)),
			Source: fraud.SourceAnalyst, OccurredAt: time.Unix(random.Int64N(9), 0)}
		if _, err := s.ReportOutcomes(t.Context(), []fraud.Outcome{o}); err != nil {
			t.Fatal(err)
		}
		if err := s.folding.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantNoFaults(t, dir)
	for _, table := range []string{"summary_minutes", "summary_hours"} {
		spoil := "UPDATE " + table + " SET counts = x'7801' WHERE start = (SELECT max(start) FROM " + table + ")"
		if err := s.update(t.Context(), "spoil", func(c *engine.Conn) error { return run(c, spoil) }); err != nil {
			t.Fatal(err)
		}
	}
	err := Examine(t.Context(), StoreFile(dir), false, func(c Check) {
		if c.Name == "summaries" && (c.Wrong != 2 || !strings.Contains(c.Shown[0], "summary_minutes") || !strings.Contains(c.Shown[1], "summary_hours")) {
			t.Errorf("spoilt: %+v", c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkExamine(b *testing.B) {
	const rows = 100_000
	dir := b.TempDir()
	s, err := Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	fillBench(b, s, rows, 10, false, time.Second)
	if err := s.folding.Fold(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for name, quick := range map[string]bool{"whole": false, "quick": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := Examine(b.Context(), StoreFile(dir), quick, func(c Check) {
					if !c.Well() {
						b.Errorf("%+v", c)
					}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
