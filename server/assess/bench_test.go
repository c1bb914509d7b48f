package assess_test

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// BenchmarkAssess has 256 callers ask about transactions that nobody has asked
// about before, so that each answer is predicted and committed.
func BenchmarkAssess(b *testing.B) {
	const callers = 256
	w := newWorld(b, batch.Options{})
	for first := 0; first < b.N; first += 1000 {
		payments := make([]fraud.Transaction, min(1000, b.N-first))
		for i := range payments {
			payments[i] = payment(strconv.Itoa(first+i), 100)
		}
		if _, err := w.store.Record(b.Context(), payments); err != nil {
			b.Fatal(err)
		}
	}
	var next atomic.Int64
	b.SetParallelism((callers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := strconv.FormatInt(next.Add(1)-1, 10)
			if _, err := w.Assess(b.Context(), assess.Ask{ID: id}); err != nil {
				b.Errorf("%s: %v", id, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}
