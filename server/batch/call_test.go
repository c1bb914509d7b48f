package batch

import (
	"context"
	"testing"
	"time"
)

func TestAnAnswerThatIsThereAtTheLastMomentIsGiven(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 { // a select among both would take either
		c := newSingleCall[int, int](ctx, "", 1)
		if err := c.wait(); err != context.Canceled {
			t.Fatalf("without an answer: %v", err)
		}
		c.deliver(0, Result[int]{Out: 10}, time.Now())
		if err := c.wait(); err != nil {
			t.Fatalf("with an answer: %v", err)
		}
	}
}
