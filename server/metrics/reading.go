package metrics

import "github.com/prometheus/client_golang/prometheus"

// Reading is what others know by themselves, and are asked for with each scrape.
type Reading struct {
	Name, Help string
	Counter    bool // it only ever grows; else it is a gauge
	Labels     []string
	// Read adds each series there is now, with its labels' values. It is asked at any
	// time, from any goroutine.
	Read func(add Add)
}

// Add is given the value of one series.
type Add func(value float64, labels ...string)

// Gauge is a Reading of one series without labels.
func Gauge(name, help string, read func() float64) Reading {
	return Reading{Name: name, Help: help, Read: func(add Add) { add(read()) }}
}

// Counter is a Reading of one series without labels that only ever grows.
func Counter(name, help string, read func() float64) Reading {
	return Reading{Name: name, Help: help, Counter: true, Read: func(add Add) { add(read()) }}
}

// Read has readings be served from now on.
func (m *Metrics) Read(readings ...Reading) {
	for _, r := range readings {
		kind := prometheus.GaugeValue
		if r.Counter {
			kind = prometheus.CounterValue
		}
		m.registry.MustRegister(collector{r, kind, prometheus.NewDesc(r.Name, r.Help, r.Labels, nil)})
	}
}

type collector struct {
	reading Reading
	kind    prometheus.ValueType
	desc    *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	c.reading.Read(func(value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(c.desc, c.kind, value, labels...)
	})
}
