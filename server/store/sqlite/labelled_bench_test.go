//go:build unix

package sqlite_test

import (
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// BenchmarkLabelled reads what is labelled, in a store where all is labelled and
// assessed.
func BenchmarkLabelled(b *testing.B) {
	s, err := sqlite.Open(b.Context(), newStore(b))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for done := 0; done < recorded; done += 1000 {
		assessments := make([]fraud.Assessment, 1000)
		for i := range assessments {
			p := probability(done + i)
			assessments[i] = fraud.Assessment{Transaction: fraud.Recorded{Seq: int64(done + i + 1)}, ModelVersion: "v1",
				Probability: p, Label: p >= 0.5, Threshold: 0.5, AssessedAt: start, AssessedBy: "bench"}
		}
		if _, err := s.RecordAssessments(b.Context(), assessments); err != nil {
			b.Fatal(err)
		}
		report(b, s, outcomesOf(done, 1000))
	}
	b.Run("live", func(b *testing.B) {
		for b.Loop() {
			if live, err := s.Live(b.Context(), "v1", 100_000); err != nil || live.Rows != 100_000 {
				b.Fatalf("%d rows, %v", live.Rows, err)
			}
		}
	})
	b.Run("page=1000", func(b *testing.B) {
		for after := int64(0); b.Loop(); {
			page, err := s.ListLabelled(b.Context(), after, 1000)
			if err != nil {
				b.Fatal(err)
			}
			after = page.Next
		}
	})
}
