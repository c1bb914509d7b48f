package scrape

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

const key = `brrr_stage_duration_seconds{stage="gate"}`

// text is a page after some observations: counts in the buckets up to 1, 2 and 4
// ms, and beyond.
func text(model int, counts [4]int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# TYPE brrr_assessments_total counter\nbrrr_assessments_total{source=\"model\"} %d\n", model)
	out.WriteString("# TYPE brrr_stage_duration_seconds histogram\n")
	total := 0
	for i, bound := range []string{"0.001", "0.002", "0.004", "+Inf"} {
		total += counts[i]
		fmt.Fprintf(&out, "brrr_stage_duration_seconds_bucket{stage=\"gate\",le=%q} %d\n", bound, total)
	}
	fmt.Fprintf(&out, "brrr_stage_duration_seconds_sum{stage=\"gate\"} %g\n", .001*float64(total))
	fmt.Fprintf(&out, "brrr_stage_duration_seconds_count{stage=\"gate\"} %d\n", total)
	return out.String()
}

func read(t *testing.T, page string) Reading {
	t.Helper()
	r, err := parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOnlyWhatCameSinceTheFirstReadingCounts(t *testing.T) {
	before, after := read(t, text(100, [4]int{50, 50, 0, 0})), read(t, text(350, [4]int{50, 100, 50, 0}))
	if grown, ok := after.Counter(before, `brrr_assessments_total{source="model"}`); !ok || grown != 250 {
		t.Errorf("counter grew by %v, %v, want 250", grown, ok)
	}
	h, ok := after.Histogram(before, key)
	if !ok || h.Count != 100 || math.Abs(h.Mean()-.001) > 1e-12 {
		t.Fatalf("got %+v, %v", h, ok)
	}
	for q, want := range map[float64]float64{.25: .0015, .5: .002, .75: .003, 1: .004} {
		if got := h.Quantile(q); math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %g is %g, want %g", q, got, want)
		}
	}
}

func TestBeyondTheLastBoundTheQuantileIsThatBound(t *testing.T) {
	h, _ := read(t, text(0, [4]int{0, 0, 0, 10})).Histogram(Reading{}, key)
	if got := h.Quantile(.5); got != .004 {
		t.Errorf("got %g, want .004", got)
	}
}

func TestAPageWithoutAMetricSaysSo(t *testing.T) {
	r := read(t, "# TYPE other counter\nother 1\n")
	if _, ok := r.Counter(Reading{}, "brrr_assessments_total"); ok {
		t.Error("found a counter that is not there")
	}
	if _, ok := r.Histogram(Reading{}, key); ok {
		t.Error("found a histogram that is not there")
	}
}

func TestAPageThatIsNoMetricsIsRefused(t *testing.T) {
	if _, err := parse(strings.NewReader("<html>")); err == nil {
		t.Error("read HTML as metrics")
	}
}
