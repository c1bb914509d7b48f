package batch

import "time"

// cost learns how long batches take: so much each, and so much an item. It is a
// straight line through the batches seen, by least squares, of which the latest
// count most (recursive least squares with exponential forgetting).
type cost struct {
	weight, n, d, nn, nd float64 // sums over batches: 1, items, seconds, and products
	small                float64 // seconds that small batches take, smoothed; 0: none was seen
}

// smallBatch is up to how many items a batch takes about as long as one of a single
// item.
const smallBatch = 16

// memory is how much of a batch's weight the next one leaves it.
const memory = 15. / 16

func (c *cost) learn(items int, took time.Duration) {
	n, d := float64(items), took.Seconds()
	switch {
	case items > smallBatch:
	case c.small == 0:
		c.small = d
	default:
		c.small += (d - c.small) / 16
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

// within tells how many items a batch may hold, at most most, to take no longer
// than limit. It is no fewer than a small batch holds, and all where a batch takes
// as long whatever it holds.
func (c *cost) within(limit time.Duration, most int) int {
	each, _ := c.slope()
	if each == 0 || c.of(most) <= limit {
		return most
	}
	return min(max(smallBatch, int((limit-c.of(0)).Seconds()/each)), most)
}

// alone estimates how long so many items take when little else is asked. Under load
// only large batches are seen, by which the line tells nothing of a single item.
func (c *cost) alone(items int) time.Duration {
	if items > smallBatch || c.small == 0 {
		return c.of(items)
	}
	return time.Duration(c.small * float64(time.Second))
}
