//go:build unix

package sqlite_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// recorded transactions are in the stores of benchmarks.
const recorded = 200_000

var batchSizes = []int{1, 64, 256, 1000}

func BenchmarkRecord(b *testing.B) {
	eachSize(b, newStore(b), func(b *testing.B, s *sqlite.Store, size int) {
		done := recorded
		for b.Loop() {
			record(b, s, payments(done, size))
			done += size
		}
	})
}

func BenchmarkLookUp(b *testing.B) {
	eachOrder(b, newStore(b), func(b *testing.B, s *sqlite.Store, size int, next func() int) {
		ids := make([]string, size)
		for b.Loop() {
			for i := range ids {
				ids[i] = fmt.Sprintf("transaction-%d", next())
			}
			if _, err := s.LookUp(b.Context(), ids, "v1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRecordAssessments(b *testing.B) {
	eachOrder(b, newStore(b), func(b *testing.B, s *sqlite.Store, size int, next func() int) {
		assessments := make([]fraud.Assessment, size)
		for done := 0; b.Loop(); done += size {
			for i := range assessments {
				assessments[i] = fraud.Assessment{
					Transaction:  fraud.Recorded{Seq: int64(next() + 1)},
					ModelVersion: fmt.Sprintf("2026-01-01-%d", (done+i)/recorded), // new in each round
					Probability:  probability(done + i),
					Threshold:    0.5,
					AssessedAt:   start.Add(time.Duration(done) * time.Second),
					AssessedBy:   "bench",
				}
			}
			if _, err := s.RecordAssessments(b.Context(), assessments); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// probability is low for four of five payments.
func probability(k int) float64 {
	p := float64(k*7919%10_007) / 10_007
	if k%5 != 0 {
		p *= 0.05
	}
	return p
}

func BenchmarkReportOutcomes(b *testing.B) {
	for name, repeated := range map[string]bool{"fresh": false, "repeated": true} {
		b.Run(name, func(b *testing.B) {
			eachSize(b, b.TempDir(), func(b *testing.B, s *sqlite.Store, size int) {
				for done := 0; b.Loop(); done += size {
					b.StopTimer()
					record(b, s, payments(done, size))
					outcomes := outcomesOf(done, size)
					if repeated {
						report(b, s, outcomes)
					}
					b.StartTimer()
					report(b, s, outcomes)
				}
			})
		})
	}
}

// outcomesOf are those of payments.
func outcomesOf(first, n int) []fraud.Outcome {
	outcomes := make([]fraud.Outcome, n)
	for i, p := range payments(first, n) {
		outcomes[i] = fraud.Outcome{
			TransactionID: p.ID,
			Label:         fraud.OutcomeLegitimate,
			Source:        fraud.SourceImport,
			OccurredAt:    p.Time.AddDate(0, 1, 0),
			ReportedBy:    "bench",
		}
	}
	return outcomes
}

// newStore is a directory with a store of so many transactions that it does not
// fit into the caches.
func newStore(b *testing.B) (dir string) {
	dir = b.TempDir()
	s, err := sqlite.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	for done := 0; done < recorded; done += 1000 {
		record(b, s, payments(done, 1000))
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

// eachSize runs a benchmark on copies of the store in dir.
func eachSize(b *testing.B, dir string, run func(b *testing.B, s *sqlite.Store, size int)) {
	for _, size := range batchSizes {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			copied := b.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				b.Fatal(err)
			}
			s, err := sqlite.Open(b.Context(), copied)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			before := cpuTime(b)
			run(b, s, size)
			rows := float64(b.N * size)
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/1e3/rows, "cpu-µs/row")
		})
	}
}

// eachOrder goes through the transactions as they were recorded, which is how
// they are assessed in life, and all over the store.
func eachOrder(b *testing.B, dir string, run func(b *testing.B, s *sqlite.Store, size int, next func() int)) {
	for _, order := range []struct {
		name   string
		stride int
	}{{"arrival", 1}, {"shuffled", 7919}} {
		b.Run("order="+order.name, func(b *testing.B) {
			eachSize(b, dir, func(b *testing.B, s *sqlite.Store, size int) {
				k := 0
				run(b, s, size, func() int {
					k = (k + order.stride) % recorded
					return k
				})
			})
		})
	}
}

// cpuTime is what this process has used so far, to compare where machines are
// shared: the time on the clock says little there.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func report(t testing.TB, s *sqlite.Store, outcomes []fraud.Outcome) {
	t.Helper()
	if _, err := s.ReportOutcomes(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
}
