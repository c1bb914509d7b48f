//go:build unix

package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// BenchmarkDashboard asks what people look at, of stores whose sizes are a
// hundredfold apart: assessments of 30 days, each tenth of them labelled.
func BenchmarkDashboard(b *testing.B) {
	const days = 30
	minute := func(day int) time.Time { return start.AddDate(0, 0, day) }
	for _, size := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("assessments=%d", size), func(b *testing.B) {
			s := assessedStore(b, size, days*24*time.Hour/time.Duration(size))
			for name, buckets := range map[string]fraud.Buckets{
				"summary of 30 days by 12 hours":    {From: minute(0), Minutes: 12 * 60, Number: 2 * days},
				"summary of 24 hours by 15 minutes": {From: minute(days - 1), Minutes: 15, Number: 96},
				"summary of 41 days by 59 minutes":  {From: minute(days - 41), Minutes: 59, Number: 1000},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						summarizeAll(b, s, buckets)
					}
				})
			}
			for name, q := range map[string]fraud.Query{
				"newest": {Limit: 50}, "by probability": {Limit: 50, Order: fraud.OrderProbability},
				"by probability, not labelled": {Limit: 50, Order: fraud.OrderProbability, Labelled: new(false)},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if _, err := s.List(b.Context(), q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

func summarizeAll(b *testing.B, s *sqlite.Store, buckets fraud.Buckets) (assessed int64) {
	b.Helper()
	found, err := s.Summarize(b.Context(), buckets)
	if err != nil {
		b.Fatal(err)
	}
	for _, bucket := range found {
		assessed += bucket.Assessed
	}
	return assessed
}

// assessedStore has so many assessments, one after the other so far apart. The
// outcomes of some arrive as they are made.
func assessedStore(b *testing.B, size int, apart time.Duration) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for done := 0; done < size; done += 1000 {
		record(b, s, payments(done, 1000))
		assessments := make([]fraud.Assessment, 1000)
		for i := range assessments {
			p := probability(done + i)
			assessments[i] = fraud.Assessment{Transaction: fraud.Recorded{Seq: int64(done + i + 1)}, ModelVersion: "v1", Probability: p,
				Label: p >= 0.5, Threshold: 0.5, AssessedAt: start.Add(time.Duration(done+i) * apart), AssessedBy: "bench"}
		}
		if _, err := s.RecordAssessments(b.Context(), assessments); err != nil {
			b.Fatal(err)
		}
		report(b, s, outcomesOf(done, 100))
	}
	return s
}
