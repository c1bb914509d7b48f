package rpc

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pressureEvery is how often it is seen to how calls get on.
	pressureEvery = 20 * time.Millisecond
	// bearable is how long what arrives may wait until it is read, up to which nothing
	// is refused: after a large batch all its callers may come again at once.
	bearable = 25 * time.Millisecond
	// fewCalls in 20 ms are about a tenth of a processor's work: to refuse some of
	// them frees nothing, whoever else keeps the processors busy.
	fewCalls = 50
	// pressureStep is by how much more or less is let in at most, each time.
	pressureStep = .1
	// most is the largest part that is refused: some must be let in to be seen.
	most = .98
	// pressureRetry is after which time a repeat has a chance.
	pressureRetry = 200 * time.Millisecond
	// pressureKeys bounds how many keys are told apart.
	pressureKeys = 1024
)

// Pressure tells which calls to refuse so that the processors keep up with the
// others. Calls that wait in sockets are seen by nothing that counts calls under
// way; a canary waits with them.
//
// Every 20 ms its wait is compared with what is bearable, and so much more or less
// refused. Keys are held to a level that all of them may reach, so that
// those pay who ask for much.
type Pressure struct {
	canary *canary
	stop   context.CancelFunc
	ended  sync.WaitGroup

	part atomic.Uint64 // that is to be refused, 0 to 1: its bits
	keys sync.Map
	n    atomic.Int32 // of keys
	rest arrivals     // of keys beyond pressureKeys
}

// arrivals are the calls of a key since they were last counted, and how many of
// them are let in.
type arrivals struct {
	calls   atomic.Int64
	refused atomic.Uint32 // of 65,536
}

// OpenPressure begins to measure, until Close.
func OpenPressure() (*Pressure, error) {
	canary, err := newCanary()
	if err != nil {
		return nil, fmt.Errorf("rpc: measure how long arrivals wait: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Pressure{canary: canary, stop: stop}
	p.ended.Go(canary.listen)
	p.ended.Go(func() { p.run(ctx) })
	return p, nil
}

// Close ends measuring.
func (p *Pressure) Close() {
	p.stop()
	p.canary.close()
	p.ended.Wait()
}

// Refused is the part of calls that is to be refused now, 0 to 1.
func (p *Pressure) Refused() float64 { return math.Float64frombits(p.part.Load()) }

func (p *Pressure) run(ctx context.Context) {
	tick := time.NewTicker(pressureEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.adjust(p.canary.waits())
		}
	}
}

// refuses counts a call of a key and tells whether to refuse it.
func (p *Pressure) refuses(key string) bool {
	a := p.of(key)
	a.calls.Add(1)
	refused := a.refused.Load()
	return refused > 0 && rand.Uint32N(1<<16) < refused
}

func (p *Pressure) of(key string) *arrivals {
	if known, ok := p.keys.Load(key); ok {
		return known.(*arrivals)
	}
	if p.n.Load() >= pressureKeys {
		return &p.rest
	}
	known, there := p.keys.LoadOrStore(key, &arrivals{})
	if !there {
		p.n.Add(1)
	}
	return known.(*arrivals)
}

// adjust refuses more or less, by how long what arrived has waited.
func (p *Pressure) adjust(waited time.Duration) {
	counted := map[*arrivals]int64{&p.rest: p.rest.calls.Swap(0)}
	p.keys.Range(func(key, known any) bool {
		a := known.(*arrivals)
		if calls := a.calls.Swap(0); calls > 0 {
			counted[a] = calls
		} else if a.refused.Swap(0) == 0 {
			p.keys.Delete(key)
			p.n.Add(-1)
		}
		return true
	})
	var all int64
	for _, calls := range counted {
		all += calls
	}
	off := float64(waited-bearable) / float64(bearable)
	if all < fewCalls {
		off = -1
	}
	part := min(max(0, p.Refused()+pressureStep*max(-1, min(off, 1))), most)
	p.part.Store(math.Float64bits(part))
	level := fairLevel(counted, 1-part)
	for a, calls := range counted {
		refused := 0.
		if float64(calls) > level {
			refused = 1 - level/float64(calls)
		}
		a.refused.Store(uint32(refused * (1 << 16)))
	}
}

// fairLevel is how many calls each key may have so that a part of all is let in:
// max-min fairness. Who stays below it is refused nothing.
func fairLevel(counted map[*arrivals]int64, part float64) float64 {
	var all []float64
	left := 0.
	for _, calls := range counted {
		all, left = append(all, float64(calls)), left+part*float64(calls)
	}
	slices.Sort(all)
	for i, calls := range all {
		each := left / float64(len(all)-i)
		if calls >= each {
			return each
		}
		left -= calls
	}
	return left
}
