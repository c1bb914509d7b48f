package feed

import (
	"math"
	"time"
)

// budget keeps a watcher to so many assessments over each second.
type budget struct {
	rate  int // 0: every one
	spent []spending
}

type spending struct {
	at time.Time
	n  int
}

// left is what may be sent now.
func (b *budget) left(now time.Time) int {
	left := b.rate
	for len(b.spent) > 0 && now.Sub(b.spent[0].at) >= time.Second {
		b.spent = b.spent[1:]
	}
	for _, s := range b.spent {
		left -= s.n
	}
	return left
}

func (b *budget) spend(now time.Time, n int) {
	if n > 0 && b.rate > 0 {
		b.spent = append(b.spent, spending{now, n})
	}
}

// freed is when there is something left again, if there is nothing now.
func (b *budget) freed() time.Time { return b.spent[0].at.Add(time.Second) }

// room is how many assessments may be sent now.
type room struct {
	left  int // of the second, if that is enough for all
	share int // else
}

// share is what to send of more than is left: what falls to the time between two
// looks. A steady trickle is easier to follow than a second's worth at once, and
// it all cannot be sent anyway. It is rounded up, unless it is whole but for some
// hundredths, which would make every other look an empty one.
func share(rate, left int, every time.Duration) int {
	whole := math.Ceil(float64(rate)*every.Seconds() - 0.1)
	return min(left, max(1, int(whole)))
}
