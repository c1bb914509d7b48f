//go:build unix

package sqlite

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// BenchmarkFold folds a store from its beginning: what each row costs beside the
// call that wrote it, in time of the processor, and how long writers wait.
func BenchmarkFold(b *testing.B) {
	const rows = 100_000
	for _, test := range []struct {
		name     string
		labelled int // one of so many transactions has an outcome; 0: none
		first    bool
		apart    time.Duration
	}{
		{"assessments a second apart", 0, false, time.Second},
		{"a minute apart", 0, false, time.Minute},
		{"each tenth labelled before", 10, true, time.Second},
		{"all labelled before", 1, true, time.Second},
		{"each tenth labelled after", 10, false, time.Minute},
	} {
		b.Run(test.name, func(b *testing.B) {
			s, err := Open(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			fillBench(b, s, rows, test.labelled, test.first, test.apart)
			folded := 0
			var used time.Duration
			for b.Loop() {
				b.StopTimer()
				forget(b, s)
				b.StartTimer()
				before := processorTime(b)
				if err := s.folding.Fold(b.Context()); err != nil {
					b.Fatal(err)
				}
				used += processorTime(b) - before
				folded += rows
			}
			b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(folded), "cpu-µs/row")
		})
	}
}

// fillBench records transactions, assessments and, before or after these,
// outcomes.
func fillBench(b *testing.B, s *Store, rows, labelled int, first bool, apart time.Duration) {
	b.Helper()
	const size = 1000
	origin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	id := func(i int) string { return fmt.Sprintf("transaction-%d", i) }
	label := func() {
		var outcomes []fraud.Outcome
		for i := 0; labelled > 0 && i < rows; i += labelled {
			outcomes = append(outcomes, fraud.Outcome{TransactionID: id(i * 7919 % rows), Label: fraud.OutcomeFraud,
				Source: fraud.SourceImport, OccurredAt: origin})
		}
		for i := 0; i < len(outcomes); i += size {
			if _, err := s.ReportOutcomes(b.Context(), outcomes[i:min(i+size, len(outcomes))]); err != nil {
				b.Fatal(err)
			}
		}
	}
	for done := 0; done < rows; done += size {
		var call []fraud.Transaction
		for i := range size {
			call = append(call, fraud.Transaction{ID: id(done + i), AccountID: id(done + i), Amount: 1, Time: origin})
		}
		if _, err := s.Record(b.Context(), call); err != nil {
			b.Fatal(err)
		}
	}
	if first {
		label()
	}
	for done := 0; done < rows; done += size {
		var call []fraud.Assessment
		for i := range size {
			at := origin.Add(time.Duration(done+i) * apart)
			call = append(call, fraud.Assessment{Transaction: fraud.Recorded{Seq: int64(done + i + 1)}, ModelVersion: "v1",
				Probability: float64(i%100) / 100, AssessedAt: at})
		}
		if _, err := s.RecordAssessments(b.Context(), call); err != nil {
			b.Fatal(err)
		}
	}
	if !first {
		label()
	}
}

// forget leaves nothing folded.
func forget(b *testing.B, s *Store) {
	b.Helper()
	err := s.update(b.Context(), "forget", func(c *engine.Conn) error {
		for _, sql := range []string{"DELETE FROM summary_minutes", "DELETE FROM summary_hours",
			"UPDATE summary_marks SET assessment_seq = 0, outcome_seq = 0"} {
			if err := run(c, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
