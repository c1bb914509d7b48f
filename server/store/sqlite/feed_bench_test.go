//go:build unix

package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// BenchmarkFeed reads stretches of a feed where all is assessed.
func BenchmarkFeed(b *testing.B) {
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
	}
	yes := true
	queries := map[string]fraud.Query{"all": {}, "flagged": {Label: &yes}, "account": {AccountID: "account-7"}}
	b.Run("end", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.FeedEnd(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, q := range queries {
		for _, size := range []int64{100, 1000, 10_000} {
			b.Run(fmt.Sprintf("newest/%s/span=%d", name, size), func(b *testing.B) {
				for after := int64(0); b.Loop(); after = (after + size) % (recorded - size) {
					if _, err := s.FeedNewest(b.Context(), q, fraud.Span{After: after, UpTo: after + size}, 1); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	for _, page := range []int{200, 1000} {
		b.Run(fmt.Sprintf("page=%d", page), func(b *testing.B) {
			for after := int64(0); b.Loop(); after = (after + int64(page)) % (recorded - int64(page)) {
				if _, err := s.FeedAssessments(b.Context(), fraud.Query{}, fraud.Span{After: after, UpTo: recorded}, page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
