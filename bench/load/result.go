// Package load offers work to servers with generators that others keep: wrk and
// ghz in a closed loop, vegeta at a fixed rate.
package load

import "time"

// Result is what one run of a generator saw.
type Result struct {
	Generator string         `json:"generator"`
	Seconds   float64        `json:"seconds"`
	Answers   int64          `json:"answers"`            // calls that succeeded
	Failures  map[string]int `json:"failures,omitempty"` // calls that did not, by kind
	// Example is what one of the failures said.
	Example string  `json:"failure_example,omitempty"`
	Latency Latency `json:"latency_us"`
	// Refused is that of calls that were refused as too many, where it was kept.
	Refused *Latency `json:"refused_latency_us,omitempty"`
	// CPUSeconds is what the generator itself used.
	CPUSeconds float64 `json:"generator_cpu_seconds"`
	// Offered is the rate that was reached, in calls a second, of an open loop.
	Offered float64 `json:"reached_calls_per_second,omitempty"`
	// Used counts the ids that were drawn.
	Used int64 `json:"ids_used,omitempty"`
}

// Latency is the time from asking to the whole answer, in microseconds.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// Failed counts all failures.
func (r Result) Failed() int {
	n := 0
	for _, count := range r.Failures {
		n += count
	}
	return n
}

// Micros is d in microseconds.
func Micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// Quantiles picks percentiles from latencies in ascending order.
func Quantiles(sorted []time.Duration) Latency {
	at := func(q float64) float64 {
		if len(sorted) == 0 {
			return 0
		}
		return Micros(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)])
	}
	return Latency{P50: at(.5), P90: at(.9), P99: at(.99), P999: at(.999), Max: at(1)}
}
