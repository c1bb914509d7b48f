package batch

import (
	"slices"
	"time"
)

// cost learns how long batches take: so much each, and so much an item. It is a
// straight line through the batches seen, by least squares, of which the latest
// count most (recursive least squares with exponential forgetting).
type cost struct {
	weight, n, d, nn, nd float64     // sums over batches: 1, items, seconds, and products
	few                  [32]float64 // seconds that the latest batches of a few items took, in a ring
	seen                 int         // how many of them there were
	quickest             float64     // of few: asked for each call, and so found once a batch
	largest              float64     // items of a batch, of late
}

const (
	// smallBatch is how many items are no burden to each other.
	smallBatch = 16
	// aFew items are all that a batch holds only where little is asked. A service at
	// its limit has larger ones, so that what it takes then teaches nothing.
	aFew = 4
)

// memory is how much of a batch's weight the next one leaves it.
const memory = 15. / 16

func (c *cost) learn(items int, took time.Duration) {
	n, d := float64(items), took.Seconds()
	c.largest = max(n, c.largest*memory)
	if items <= aFew {
		c.few[c.seen%len(c.few)] = d
		c.seen++
		c.quickest = slices.Min(c.few[:min(c.seen, len(c.few))])
	}
	c.weight = c.weight*memory + 1
	c.n, c.d = c.n*memory+n, c.d*memory+d
	c.nn, c.nd = c.nn*memory+n*n, c.nd*memory+n*d
}

// of estimates how long a batch of so many items takes; 0 before any was seen.
func (c *cost) of(items int) time.Duration {
	if c.weight == 0 {
		return 0
	}
	n, d := c.n/c.weight, c.d/c.weight // means
	slope, known := c.slope()
	if !known && float64(items) > n {
		slope = 0
	}
	return time.Duration((d + slope*(float64(items)-n)) * float64(time.Second))
}

// slope is how many seconds more one more item takes, at least 0 and at most an
// item's part of a batch. While all batches seen were of one size it is not known,
// and taken for that part.
func (c *cost) slope() (each float64, known bool) {
	if c.weight == 0 {
		return 0, false
	}
	n, d := c.n/c.weight, c.d/c.weight
	spread := c.nn/c.weight - n*n
	if spread <= 1e-6*n*n {
		return d / n, false
	}
	return min(max(0, (c.nd/c.weight-n*d)/spread), d/n), true
}

// within tells how many items a batch may hold, from least to most, to take no
// longer than limit: most where it takes as long whatever it holds.
func (c *cost) within(limit time.Duration, least, most int) int {
	each, _ := c.slope()
	if each == 0 || c.of(most) <= limit {
		return most
	}
	return min(max(least, int((limit-c.of(0)).Seconds()/each)), most)
}

// foreseeable is how many items a batch may hold, from least to most, to take about
// as long as estimated: twice as many as of late, as nobody knows what lies far
// beyond. A slow host that had one at a time is not sent a thousand (as TCP's slow
// start).
func (c *cost) foreseeable(least, most int) int {
	return min(most, max(least, int(2*c.largest)))
}

// alone estimates how long so many items take when nothing else is asked. Under load
// only large batches are seen, by which the line tells nothing of a single item. As
// BBR takes the shortest round trip of late for that of an empty path, this takes
// the quickest of the latest batches of a few items: the others met company
// (Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016).
func (c *cost) alone(items int) time.Duration {
	if items > smallBatch || c.seen == 0 {
		return c.of(items)
	}
	return time.Duration(c.quickest * float64(time.Second))
}
