package assess

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// noted is a span that notes what is done with it.
type noted struct {
	fraud.TraceSpan
	links []fraud.TraceSpan
	began []*noted
	past  []string
}

func newNoted() *noted { return &noted{TraceSpan: fraud.Untraced} }

func (n *noted) Begin(ctx context.Context, _ string) (context.Context, fraud.TraceSpan) {
	part := newNoted()
	n.began = append(n.began, part)
	return fraud.WithSpan(ctx, part), part
}
func (n *noted) Link(to fraud.TraceSpan)          { n.links = append(n.links, to) }
func (n *noted) Past(name string, _, _ time.Time) { n.past = append(n.past, name) }

// A call of many may leave in two parts of one batch, with others' between them.
func TestABatchNamesEachTracedCallOnce(t *testing.T) {
	a, b := newNoted(), newNoted()
	var asks []Ask
	for _, of := range []fraud.TraceSpan{fraud.Untraced, a, a, b, fraud.Untraced, a, b, b} {
		asks = append(asks, Ask{span: of, since: time.Now()})
	}
	ctx, span := traceBatch(t.Context(), asks, time.Now())
	batch, ok := span.(*noted)
	if !ok || fraud.SpanOf(ctx) != span || !slices.Equal(a.began, []*noted{batch}) || len(b.began) != 0 {
		t.Fatalf("the batch is not a part of the first call: %+v, %+v", a, b)
	}
	if !slices.Equal(batch.links, []fraud.TraceSpan{b}) || len(a.links) != 0 || !slices.Equal(b.links, []fraud.TraceSpan{batch}) {
		t.Errorf("links: batch %v, calls %v and %v", batch.links, a.links, b.links)
	}
	for _, call := range []*noted{a, b} {
		if !slices.Equal(call.past, []string{"queue"}) {
			t.Errorf("a call was told of %v", call.past)
		}
	}
}

func TestABatchOfUntracedCallsHasNoSpan(t *testing.T) {
	asks := []Ask{{span: fraud.Untraced}, {span: fraud.Untraced}}
	ctx, span := traceBatch(t.Context(), asks, time.Now())
	if span != fraud.Untraced || ctx != t.Context() {
		t.Errorf("%v", span)
	}
	if n := testing.AllocsPerRun(100, func() { traceBatch(ctx, asks, time.Time{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
