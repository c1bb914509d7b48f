package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

var (
	batchSizes = []int{1, 64, 1000}
	start      = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// payments are n transactions of many accounts, in order of time, from number
// first on.
func payments(first, n int) []fraud.Transaction {
	list := make([]fraud.Transaction, n)
	for i := range list {
		k := first + i
		list[i] = fraud.Transaction{
			ID:         fmt.Sprintf("transaction-%d", k),
			AccountID:  fmt.Sprintf("account-%d", (k*7919)%10_000),
			Amount:     float64(k%100_000)/7 + 0.01,
			Currency:   "EUR",
			Time:       start.Add(time.Duration(k) * time.Second),
			RecordedBy: "bench",
		}
	}
	return list
}

func BenchmarkRecord(b *testing.B) {
	eachSize(b, func(b *testing.B, s *sqlite.Store, size int) {
		for done := 0; b.Loop(); done += size {
			record(b, s, payments(done, size))
		}
	})
}

func BenchmarkLookUp(b *testing.B) {
	eachSize(b, func(b *testing.B, s *sqlite.Store, size int) {
		const recorded = 20_000
		for done := 0; done < recorded; done += 1000 {
			record(b, s, payments(done, 1000))
		}
		ids := make([]string, size)
		for round := 0; b.Loop(); round++ {
			for i := range ids {
				ids[i] = fmt.Sprintf("transaction-%d", (round*size+i)*7919%recorded)
			}
			if _, err := s.LookUp(b.Context(), ids, "v1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRecordAssessments(b *testing.B) {
	eachSize(b, func(b *testing.B, s *sqlite.Store, size int) {
		assessments := make([]fraud.Assessment, size)
		for done := 0; b.Loop(); done += size {
			b.StopTimer()
			record(b, s, payments(done, size))
			b.StartTimer()
			for i := range assessments {
				assessments[i] = fraud.Assessment{
					Transaction:  fraud.Recorded{Seq: int64(done + i + 1)},
					ModelVersion: "2026-01-01-1",
					Probability:  float64((done+i)*7919%10_007) / 10_007,
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

func BenchmarkReportOutcomes(b *testing.B) {
	for name, repeated := range map[string]bool{"fresh": false, "repeated": true} {
		b.Run(name, func(b *testing.B) {
			eachSize(b, func(b *testing.B, s *sqlite.Store, size int) {
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

func eachSize(b *testing.B, run func(b *testing.B, s *sqlite.Store, size int)) {
	for _, size := range batchSizes {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			run(b, s, size)
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func record(t testing.TB, s *sqlite.Store, transactions []fraud.Transaction) {
	t.Helper()
	if _, err := s.Record(t.Context(), transactions); err != nil {
		t.Fatal(err)
	}
}

func report(t testing.TB, s *sqlite.Store, outcomes []fraud.Outcome) {
	t.Helper()
	if _, err := s.ReportOutcomes(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
}
