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
	ended                *prometheus.CounterVec
	well                 map[string]prometheus.Counter // of ended: the calls that went well, by procedure
	took                 map[string]prometheus.Observer
	stages               [fraud.Stages]prometheus.Observer
	rows                 prometheus.Observer
	assessed, fromRecord prometheus.Counter
	failed               *prometheus.CounterVec
	probability          prometheus.Observer
	flagged, cleared     prometheus.Counter
}

var _ fraud.Meter = (*Metrics)(nil)

// Bounds of durations, in seconds: most calls and stages take less than a
// millisecond, so that is where the buckets are. Each is 1.5 times to twice the one
// before.
var seconds = []float64{
	1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 35e-6, 50e-6, 75e-6, 100e-6, 150e-6, 200e-6, 300e-6, 500e-6, 750e-6,
	1e-3, 1.5e-3, 2e-3, 3e-3, 5e-3, 7.5e-3, 10e-3, 15e-3, 20e-3, 30e-3, 50e-3, 100e-3, 250e-3, 1, 5,
}

// callSeconds are those that a whole call can take.
var callSeconds = seconds[5:]

// New makes Metrics of calls to these procedures. The process's own and the runtime's
// are among them.
func New(procedures ...string) *Metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	make := maker{registry}
	m := &Metrics{
		registry: registry, well: map[string]prometheus.Counter{}, took: map[string]prometheus.Observer{},
		ended: make.counter("brrr_calls_total", "Calls that have ended, by procedure, code (ok, a code of Connect, or unread) and reason (empty if none).",
			"procedure", "code", "reason"),
		rows:        make.histogram("brrr_batch_rows", "Transactions that travelled together.", prometheus.ExponentialBuckets(1, 2, 11)).WithLabelValues(),
		probability: make.histogram("brrr_assessed_probability", "Fraud probabilities of assessments made now, 0 to 1.", []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1}).WithLabelValues(),
		failed:      make.counter("brrr_assessments_failed_total", "Transactions asked about without an answer, by reason.", "reason"),
	}
	took := make.histogram("brrr_call_duration_seconds", "Time from a call's head until its answer is written, of calls that are no streams.", callSeconds, "procedure")
	for _, procedure := range procedures {
		m.well[procedure], m.took[procedure] = m.ended.WithLabelValues(procedure, "ok", ""), took.WithLabelValues(procedure)
		// A series that begins with its first error does not increase, so one would go unseen.
		m.ended.WithLabelValues(procedure, "internal", fraud.ReasonInternal)
	}
	m.failed.WithLabelValues(fraud.ReasonInternal)
	stages := make.histogram("brrr_stage_duration_seconds",
		"Time in a stage: gate for every call, queue for every item, lookup, predict and record for every batch.", seconds, "stage")
	for stage := range fraud.Stages {
		m.stages[stage] = stages.WithLabelValues(stage.String())
	}
	source := make.counter("brrr_assessments_total",
		"Transactions answered about, by where the answer came from: model (made now) or record (made before).", "source")
	m.assessed, m.fromRecord = source.WithLabelValues("model"), source.WithLabelValues("record")
	label := make.counter("brrr_assessed_label_total", "Assessments made now, by label: fraud or legitimate.", "label")
	m.flagged, m.cleared = label.WithLabelValues("fraud"), label.WithLabelValues("legitimate")
	return m
}

// maker makes what is registered at once.
type maker struct{ registry *prometheus.Registry }

func (m maker) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m maker) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// Handler serves the metrics to a scraper.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Call implements fraud.Meter. Calls of procedures that New was not told are left out.
func (m *Metrics) Call(end fraud.CallEnd) {
	well, known := m.well[end.Procedure]
	if !known {
		return
	}
	if end.Code == "ok" {
		well.Inc()
	} else {
		m.ended.WithLabelValues(end.Procedure, end.Code, end.Reason).Inc()
	}
	if !end.Stream {
		m.took[end.Procedure].Observe(end.Took.Seconds())
	}
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

// Assessed implements fraud.Meter.
func (m *Metrics) Assessed(probability float64, label bool) {
	m.probability.Observe(probability)
	if label {
		m.flagged.Inc()
	} else {
		m.cleared.Inc()
	}
}

// Failed implements fraud.Meter.
func (m *Metrics) Failed(reason string) { m.failed.WithLabelValues(reason).Inc() }
