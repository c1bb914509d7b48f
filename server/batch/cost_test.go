package batch

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// learned is the cost of batches that take so long each and an item.
func learned(each, item time.Duration, sizes ...int) *cost {
	c := &cost{}
	for range 200 {
		for _, n := range sizes {
			c.learn(n, each+time.Duration(n)*item)
		}
	}
	return c
}

func TestACostIsALineThroughTheBatchesSeen(t *testing.T) {
	const each, item = 2 * time.Millisecond, 10 * time.Microsecond
	for name, c := range map[string]struct {
		sizes []int
		items int
		want  time.Duration
	}{
		"between the sizes seen": {[]int{1, 100, 1000}, 500, each + 500*item},
		"beyond them":            {[]int{1, 100}, 1000, each + 1000*item},
		"one size, the same":     {[]int{64}, 64, each + 64*item},
		"one size, a larger one": {[]int{64}, 1000, each + 64*item}, // there is no telling more
		"one size, a part of it": {[]int{64}, 16, (each + 64*item) / 4},
	} {
		got := learned(each, item, c.sizes...).of(c.items)
		if d := got - c.want; d < -time.Microsecond || d > time.Microsecond {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestABatchHoldsWhatFitsIntoItsTime(t *testing.T) {
	const each, item = 2 * time.Millisecond, 100 * time.Microsecond
	for name, c := range map[string]struct {
		sizes []int
		limit time.Duration
		want  int
	}{
		"all":                        {[]int{1, 1000}, 110 * time.Millisecond, 1000},
		"a part":                     {[]int{1, 1000}, 52 * time.Millisecond, 500},
		"some at least":              {[]int{1, 1000}, time.Millisecond, 50},
		"of one size, by proportion": {[]int{980}, 50 * time.Millisecond, 490},
		"none was seen":              {nil, time.Millisecond, 1000},
	} {
		if got := learned(each, item, c.sizes...).within(c.limit, 50, 1000); got < c.want-1 || got > c.want+1 {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestABatchHoldsTwiceAsManyAsOfLate(t *testing.T) {
	for name, c := range map[string]struct {
		sizes []int
		want  int
	}{
		"none was seen":        {nil, 16},
		"few":                  {[]int{1, 2, 1}, 16},
		"the largest counts":   {[]int{1, 100}, 200},
		"but only of late":     {append([]int{1000}, slices.Repeat([]int{30}, 100)...), 60},
		"not more than may be": {[]int{900}, 1000},
	} {
		if got := learned(0, 0, c.sizes...).foreseeable(16, 1000); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestABatchHoldsAllWhereThatTakesNoLonger(t *testing.T) {
	if got := learned(time.Second, 0, 1, 1000).within(time.Millisecond, 50, 1000); got != 1000 {
		t.Errorf("%d, want 1000", got)
	}
}

func TestACostIsNeverBelowNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := &cost{}
	if c.of(1) != 0 {
		t.Errorf("before any batch was seen: %s", c.of(1))
	}
	for range 10_000 {
		c.learn(1+random.IntN(1024), time.Duration(random.ExpFloat64()*float64(time.Millisecond)))
		for _, n := range []int{1, 64, 1024} {
			if took := c.of(n); took < 0 || took > time.Minute {
				t.Fatalf("a batch of %d takes %s", n, took)
			}
		}
	}
}

func TestACostFollowsAChangeWithinAHundredBatches(t *testing.T) {
	c := learned(50*time.Millisecond, 0, 10, 20)
	for i := range 100 {
		c.learn(10+10*(i%2), time.Millisecond)
	}
	if took := c.of(15); took > 2*time.Millisecond {
		t.Errorf("still %s, want about 1ms", took)
	}
}

func TestWhatASingleItemTakesIsNotForgottenUnderLoad(t *testing.T) {
	var c cost
	for range 10 {
		c.learn(1, 2*time.Millisecond)
	}
	for i := range 1000 { // as long whatever their size: others run beside them
		c.learn(300+i%400, 250*time.Millisecond)
	}
	if got := c.alone(1); got != 2*time.Millisecond {
		t.Errorf("one item is thought to take %s", got)
	}
	if got := c.alone(500); got < 200*time.Millisecond {
		t.Errorf("500 items are thought to take %s", got)
	}
	for range 100 {
		c.learn(4, 200*time.Millisecond) // the model has become slow
	}
	if got := c.alone(1); got < 190*time.Millisecond {
		t.Errorf("one item is thought to take %s of a slow model", got)
	}
}
