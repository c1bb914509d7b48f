// Package metrics counts and times what the server does, in Prometheus' form.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Metrics is a fraud.Meter that is read over HTTP. Make one with New.
type Metrics struct {
	registry             *prometheus.Registry
	stages               [fraud.Stages]prometheus.Observer
	rows                 prometheus.Histogram
	assessed, fromRecord prometheus.Counter
}

var _ fraud.Meter = (*Metrics)(nil)

// Bounds of stages, in seconds: most take less than a millisecond, so that is
// where the buckets are. Each is 1.5 times to twice the one before.
var stageSeconds = []float64{
	1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 35e-6, 50e-6, 75e-6, 100e-6, 150e-6, 200e-6, 300e-6, 500e-6, 750e-6,
	1e-3, 1.5e-3, 2e-3, 3e-3, 5e-3, 7.5e-3, 10e-3, 15e-3, 20e-3, 30e-3, 50e-3, 100e-3, 250e-3, 1, 5,
}

// New makes Metrics. The process's own and the runtime's are among them.
func New() *Metrics {
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "brrr_stage_duration_seconds", Buckets: stageSeconds,
		Help: "Time in a stage: gate for every call, queue for every item, lookup, predict and record for every batch.",
	}, []string{"stage"})
	source := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "brrr_assessments_total",
		Help: "Transactions answered about, by where the answer came from: model (made now) or record (made before).",
	}, []string{"source"})
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		rows: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "brrr_batch_rows", Buckets: prometheus.ExponentialBuckets(1, 2, 11),
			Help: "Transactions that travelled together.",
		}),
		assessed: source.WithLabelValues("model"), fromRecord: source.WithLabelValues("record"),
	}
	for stage := range fraud.Stages {
		m.stages[stage] = stages.WithLabelValues(stage.String())
	}
	m.registry.MustRegister(stages, source, m.rows, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics to a scraper.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Time implements fraud.Meter.
func (m *Metrics) Time(stage fraud.Stage, took time.Duration) {
	m.stages[stage].Observe(took.Seconds())
}

// Batch implements fraud.Meter.
func (m *Metrics) Batch(rows, assessed, fromRecord int) {
	m.rows.Observe(float64(rows))
	m.assessed.Add(float64(assessed))
	m.fromRecord.Add(float64(fromRecord))
}
