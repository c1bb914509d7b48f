package batch_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

// BenchmarkDo is what a caller pays for travelling with others: the run itself
// takes no time.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			batches, items := 0, 0
			batcher, err := batch.New(batch.Options{InFlight: 1}, func(_ context.Context, in []int, _ func()) []batch.Result[int] {
				batches, items = batches+1, items+len(in)
				return make([]batch.Result[int], len(in))
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := batcher.Do(b.Context(), "", 1); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(items)/float64(max(1, batches)), "items/batch")
		})
	}
}

// BenchmarkDoMany hands in as many items as a batch may hold.
func BenchmarkDoMany(b *testing.B) {
	batcher, err := batch.New(batch.Options{}, func(_ context.Context, in []int, _ func()) []batch.Result[int] {
		return make([]batch.Result[int], len(in))
	})
	if err != nil {
		b.Fatal(err)
	}
	items := make([]int, batch.DefaultMaxItems)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := batcher.DoMany(b.Context(), "", items); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(items))/b.Elapsed().Seconds(), "items/s")
}
