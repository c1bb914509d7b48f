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
	slope := 0.0
	if spread := c.nn/c.weight - n*n; spread > 1e-6*n*n {
		// Neither less than nothing an item nor less than nothing a batch.
		slope = min(max(0, (c.nd/c.weight-n*d)/spread), d/n)
	}
	return time.Duration((d + slope*(float64(items)-n)) * float64(time.Second))
}

// alone estimates how long so many items take when little else is asked. Under load
// only large batches are seen, by which the line tells nothing of a single item.
func (c *cost) alone(items int) time.Duration {
	if items > smallBatch || c.small == 0 {
		return c.of(items)
	}
	return time.Duration(c.small * float64(time.Second))
}
