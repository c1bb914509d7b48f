package assess

import (
	"testing"
	"time"
)

func TestTheLastFewSecondsCountMost(t *testing.T) {
	const ms = time.Millisecond
	start := time.Unix(1_700_000_000, 0)
	type batch struct {
		after time.Duration // since the start
		n     int
		each  time.Duration
	}
	for name, c := range map[string]struct {
		batches   []batch
		low, high time.Duration
		none      bool
	}{
		"nothing answered":                    {nil, 0, 0, true},
		"a batch without an answer":           {[]batch{{0, 0, 0}}, 0, 0, true},
		"the first":                           {[]batch{{0, 10, 3 * ms}}, 3 * ms, 3 * ms, false},
		"every answer counts alike":           {[]batch{{0, 30, 1 * ms}, {0, 10, 5 * ms}}, 2 * ms, 2 * ms, false},
		"one of half a minute ago hardly":     {[]batch{{0, 100, 9 * ms}, {30 * time.Second, 1, 1 * ms}}, 1 * ms, 1100 * time.Microsecond, false},
		"one of long ago not at all":          {[]batch{{0, 100, 9 * ms}, {24 * time.Hour, 1, 1 * ms}}, 1 * ms, 1 * ms, false},
		"an idle spell leaves it as it was":   {[]batch{{0, 5, 4 * ms}, {time.Hour, 0, 0}}, 4 * ms, 4 * ms, false},
		"a batch that ends out of order, too": {[]batch{{time.Second, 1, 2 * ms}, {0, 1, 4 * ms}}, 3 * ms, 3 * ms, false},
	} {
		var a Assessor
		for _, b := range c.batches {
			a.pace.add(start.Add(b.after), b.n, time.Duration(b.n)*b.each)
		}
		if mean, ok := a.AnswerTime(); ok == c.none || mean < c.low || mean > c.high {
			t.Errorf("%s: %s, %t; want %s to %s", name, mean, ok, c.low, c.high)
		}
	}
}
