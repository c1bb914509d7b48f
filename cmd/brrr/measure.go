package main

import (
	"runtime"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
)

// measure has the metrics tell how the rooms do. What is not in use here has no series.
func (a *app) measure() {
	a.metrics.Read(
		metrics.Reading{Name: "brrr_build_info", Help: "1; the labels tell what runs.", Labels: []string{"version", "commit", "go"},
			Read: func(add metrics.Add) { add(1, versionName(), built().Commit, runtime.Version()) }},
		metrics.Gauge("brrr_ready", "1: a real score can be had and recorded; 0: it cannot.", func() float64 { return oneIf(a.ready() == nil) }),
		metrics.Gauge("brrr_watchers", "Callers that watch the feed.", func() float64 { return float64(a.feed.Watchers()) }),
		metrics.Gauge("brrr_pressure_refused_ratio", "Part of the calls about one transaction that is refused so that the processors keep up, 0 to 0.98.", a.pressure.Refused),
	)
	a.metrics.Read(a.queueReadings()...)
	a.metrics.Read(a.predictorReadings()...)
	a.metrics.Read(a.storeReadings()...)
	a.metrics.Read(a.connectionReadings()...)
	a.metrics.Read(a.identityReadings()...)
	a.metrics.Read(a.certificateReadings()...)
	if a.traces != nil {
		a.metrics.Read(metrics.Counter("brrr_spans_dropped_total", "Spans that were dropped as the collector did not take them in time.",
			func() float64 { return float64(a.traces.Dropped()) }))
	}
	a.metrics.Read(metrics.Reading{Name: "brrr_config_reloads_total", Help: "Reloads of the settings, by result: done or refused.", Counter: true, Labels: []string{"result"},
		Read: func(add metrics.Add) {
			stats := a.reloader.Stats()
			add(float64(stats.Done), "done")
			add(float64(stats.Failed), "refused")
		}}, metrics.Gauge("brrr_config_refused", "1: the last reload of the settings was refused, and those of before hold.",
		func() float64 { return oneIf(a.reloader.Stats().Refused) }))
}

func (a *app) queueReadings() []metrics.Reading {
	read := func(name, help string, of func(batch.State) int) metrics.Reading {
		return metrics.Reading{Name: name, Help: help, Labels: []string{"line"}, Read: func(add metrics.Add) {
			add(float64(of(a.assessor.Queue())), "assess")
			add(float64(of(a.reporter.Queue())), "report")
			add(float64(of(a.recorder.Queue())), "record")
		}}
	}
	return []metrics.Reading{
		read("brrr_queue_items", "Items that wait for a batch to leave: assess, report (outcomes) or record (transactions).", func(s batch.State) int { return s.Waiting }),
		read("brrr_queue_slots", "Batches that may be under way at once.", func(s batch.State) int { return s.Slots }),
		read("brrr_queue_slots_taken", "Batches under way.", func(s batch.State) int { return s.Taken }),
	}
}

func (a *app) connectionReadings() []metrics.Reading {
	return []metrics.Reading{
		metrics.Gauge("brrr_connections", "Connections of callers that are open.", func() float64 { open, _, _ := a.open.count(); return float64(open) }),
		metrics.Gauge("brrr_connections_max", "How many may be open.", func() float64 { _, most, _ := a.open.count(); return float64(most) }),
		metrics.Counter("brrr_connections_closed_total", "Connections without a call that were closed as one more than allowed came.", func() float64 { _, _, closed := a.open.count(); return float64(closed) }),
	}
}

func oneIf(so bool) float64 {
	if so {
		return 1
	}
	return 0
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
