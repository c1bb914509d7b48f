package batch_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

// What hung says nothing about how long batches take once that goes on.
func TestWhatHungShutsNobodyOutOnceItGoesOn(t *testing.T) {
	broken := errors.New("the database does not answer")
	for name, fails := range map[string]func(ctx context.Context){
		"until callers have gone":    func(ctx context.Context) { <-ctx.Done() },
		"and each batch ends failed": func(context.Context) { time.Sleep(700 * time.Millisecond) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var hangs atomic.Bool
			b := newBatcher(t, batch.Options{InFlight: 1}, func(ctx context.Context, items []int, free func()) []batch.Result[int] {
				results := make([]batch.Result[int], len(items))
				if !hangs.Load() {
					time.Sleep(50 * time.Millisecond)
					return results
				}
				free()
				fails(ctx)
				for i := range results {
					results[i].Err = broken
				}
				return results
			})
			var mended atomic.Pointer[time.Time]
			var last atomic.Int64 // refusal, after that
			ctx, stop := context.WithCancel(t.Context())
			var callers sync.WaitGroup
			for i := range 24 {
				callers.Go(func() {
					for ctx.Err() == nil {
						call, cancel := context.WithTimeout(context.Background(), time.Second+time.Duration(i)*80*time.Millisecond)
						_, err := b.Do(call, "", i)
						cancel()
						var full *batch.FullError
						if since := mended.Load(); since != nil && errors.As(err, &full) {
							last.Store(int64(time.Since(*since)))
						}
						time.Sleep(60 * time.Millisecond)
					}
				})
			}
			time.Sleep(time.Second)
			hangs.Store(true)
			time.Sleep(10 * time.Second)
			hangs.Store(false)
			now := time.Now()
			mended.Store(&now)
			time.Sleep(10 * time.Second)
			stop()
			callers.Wait()
			if took := time.Duration(last.Load()); took > time.Second {
				t.Errorf("%s: refused still %s later", name, took)
			}
		})
	}
}
