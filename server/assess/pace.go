package assess

import (
	"math"
	"sync"
	"time"
)

// paceMemory is after how long an answer counts for a third of a new one.
const paceMemory = 3 * time.Second

// pace is how long answers take now: a mean in which older ones count ever less.
type pace struct {
	mu     sync.Mutex
	mean   float64 // in nanoseconds
	weight float64 // of all that the mean is of, at the time of the last
	last   time.Time
}

// add counts n answers that took so long together.
func (p *pace) add(now time.Time, n int, total time.Duration) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// Batches end in no strict order.
	faded := p.weight * math.Exp(-max(0, now.Sub(p.last).Seconds())/paceMemory.Seconds())
	p.weight = faded + float64(n)
	p.mean = (p.mean*faded + float64(total)) / p.weight
	p.last = now
}

// AnswerTime is how long answers take now, from the ask until they are durable:
// a mean in which the last few seconds count most. ok is false before the first.
func (a *Assessor) AnswerTime() (mean time.Duration, ok bool) {
	a.pace.mu.Lock()
	defer a.pace.mu.Unlock()
	return time.Duration(a.pace.mean), a.pace.weight > 0
}
