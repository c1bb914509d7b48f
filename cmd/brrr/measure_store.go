package main

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
)

// scrapePatience is how long a scrape waits for the store, and then goes without
// it.
const scrapePatience = time.Second

func (a *app) storeReadings() []metrics.Reading {
	return []metrics.Reading{
		metrics.Gauge("brrr_store_up", "1: the record can be written; 0: it cannot.", func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
			defer cancel()
			return oneIf(a.store.Check(ctx) == nil)
		}),
		metrics.Counter("brrr_store_failures_total", "Calls of the store that failed for its own sake: its disk, a lock, damage.", func() float64 { return float64(a.store.Failures()) }),
		{Name: "brrr_store_bytes", Help: "Bytes that the store holds.", Read: a.readSize(func(size fraud.StoreSize, add metrics.Add) { add(float64(size.Bytes)) })},
		{Name: "brrr_store_free_bytes", Help: "Bytes that are left to the store.", Read: a.readSize(func(size fraud.StoreSize, add metrics.Add) {
			if size.Free != nil {
				add(float64(*size.Free))
			}
		})},
	}
}

// readSize adds nothing if the store cannot tell.
func (a *app) readSize(to func(fraud.StoreSize, metrics.Add)) func(metrics.Add) {
	return func(add metrics.Add) {
		ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
		defer cancel()
		if size, err := a.store.Size(ctx); err == nil {
			to(size, add)
		}
	}
}
