package main

import (
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

func (a *app) predictorReadings() []metrics.Reading {
	each := func(add func(name string, h predictor.Host)) {
		for _, h := range a.predictor.Hosts() {
			name := h.Address
			if a.child != nil {
				name = "local" // its socket is another with each start
			}
			add(name, h)
		}
	}
	gauge := func(name, help string, of func(predictor.Host) bool) metrics.Reading {
		return metrics.Reading{Name: name, Help: help, Labels: []string{"host"}, Read: func(add metrics.Add) {
			each(func(name string, h predictor.Host) { add(oneIf(of(h)), name) })
		}}
	}
	readings := []metrics.Reading{
		gauge("brrr_predictor_up", "1: calls go to this host; 0: its last probe failed, or calls did one after the other.", func(h predictor.Host) bool { return h.Up }),
		gauge("brrr_predictor_breaker_open", "1: the host is left alone, as calls failed one after the other.", func(h predictor.Host) bool { return h.BreakerOpen }),
		{Name: "brrr_predictor_calls_total", Help: "Calls to the host, by result: answered or failed. Each has a batch, or a part of one.", Counter: true, Labels: []string{"host", "result"},
			Read: func(add metrics.Add) {
				each(func(name string, h predictor.Host) {
					add(float64(h.Answered), name, "answered")
					add(float64(h.Failed), name, "failed")
				})
			}},
		{Name: "brrr_model_info", Help: "1; the labels tell which model a host serves, as last seen.", Labels: []string{"host", "version"},
			Read: func(add metrics.Add) {
				each(func(name string, h predictor.Host) {
					if h.ModelVersion != "" {
						add(1, name, h.ModelVersion)
					}
				})
			}},
	}
	if a.child != nil {
		readings = append(readings, metrics.Counter("brrr_predictor_restarts_total", "How often the supervised Python process ended and was started again.",
			func() float64 { return float64(a.child.Restarts()) }))
	}
	return readings
}
