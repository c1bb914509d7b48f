// Package scrape reads a server's own metrics, and what changed between two
// readings.
package scrape

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Reading is one look at all counters and histograms.
type Reading struct {
	counters   map[string]float64   // by name and labels
	histograms map[string]Histogram // by name and labels
}

// Histogram counts observations up to each bound.
type Histogram struct {
	Count, Sum float64
	upTo       map[float64]float64 // cumulative, by bound
}

// Read fetches and parses a page of metrics.
func Read(ctx context.Context, url string) (Reading, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Reading{}, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Reading{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return Reading{}, fmt.Errorf("metrics: %s", res.Status)
	}
	return parse(res.Body)
}

func parse(text io.Reader) (Reading, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return Reading{}, fmt.Errorf("metrics: %w", err)
	}
	r := Reading{map[string]float64{}, map[string]Histogram{}}
	for name, family := range families {
		for _, m := range family.Metric {
			key := name + labels(m)
			switch {
			case m.Counter != nil:
				r.counters[key] = m.Counter.GetValue()
			case m.Histogram != nil:
				r.histograms[key] = histogram(m.Histogram)
			}
		}
	}
	return r, nil
}

// labels writes them as Prometheus does: {a="1",b="2"}.
func labels(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.Label {
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	if len(pairs) == 0 {
		return ""
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ",") + "}"
}

func histogram(from *dto.Histogram) Histogram {
	h := Histogram{Count: float64(from.GetSampleCount()), Sum: from.GetSampleSum(), upTo: map[float64]float64{}}
	for _, bucket := range from.Bucket {
		h.upTo[bucket.GetUpperBound()] = float64(bucket.GetCumulativeCount())
	}
	return h
}

// Counter is how much a counter grew since before, and whether it is there.
func (r Reading) Counter(before Reading, key string) (grown float64, ok bool) {
	now, ok := r.counters[key]
	return now - before.counters[key], ok
}

// Histogram is what was observed since before, and whether there was anything.
func (r Reading) Histogram(before Reading, key string) (Histogram, bool) {
	now, old := r.histograms[key], before.histograms[key]
	d := Histogram{Count: now.Count - old.Count, Sum: now.Sum - old.Sum, upTo: map[float64]float64{}}
	for bound, count := range now.upTo {
		d.upTo[bound] = count - old.upTo[bound]
	}
	return d, d.Count > 0
}

// Mean of what was observed.
func (h Histogram) Mean() float64 { return h.Sum / max(h.Count, 1) }

// Quantile estimates within the bucket that holds it, as if observations lay
// evenly in it. Beyond the last bound it is that bound.
func (h Histogram) Quantile(q float64) float64 {
	rank, low, below := q*h.Count, 0.0, 0.0
	for _, bound := range slices.Sorted(maps.Keys(h.upTo)) {
		upTo := h.upTo[bound]
		if upTo >= rank && upTo > below {
			if bound > 1e300 { // the bucket without a bound
				return low
			}
			return low + (bound-low)*(rank-below)/(upTo-below)
		}
		low, below = bound, upTo
	}
	return low
}
