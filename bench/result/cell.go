// Package result holds what a run of the benchmark saw: raw cells, and what is
// made of them.
package result

import (
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
)

// Systems that are not peers.
const (
	Null  = "null"
	Us    = "us"
	Unary = "us before unary grpcio"
	OnRay = "us before Ray Serve" // and so many replicas
	// OnPostgres is our service with its record in a Postgres on the same machine.
	OnPostgres = "us on postgres"
)

// Protocols.
const (
	ConnectJSON = "connect-json" // over HTTP/1.1
	REST        = "rest"         // the seed's path, over HTTP/1.1
	GRPC        = "grpc"         // over h2c
)

// Calls of our service.
const (
	Get    = "GetFraudActivity"
	Assess = "AssessTransaction"
	Batch  = "BatchGetFraudActivity"
	Mix    = "mix"
)

// Cell is one run of a load generator against one system.
type Cell struct {
	Suite    string  `json:"suite"` // what the cell is for
	System   string  `json:"system"`
	Call     string  `json:"call"`
	Protocol string  `json:"protocol"`
	Callers  int     `json:"callers,omitempty"`                  // of a closed loop
	Watchers int     `json:"watchers,omitempty"`                 // of the live feed, meanwhile
	Rate     float64 `json:"offered_calls_per_second,omitempty"` // of an open loop
	Share    float64 `json:"share_of_saturation,omitempty"`
	Recorded int64   `json:"recorded_transactions,omitempty"`
	Round    int     `json:"round"`
	// AnyOrder: transactions far apart in the order of recording are asked about
	// one after the other.
	AnyOrder bool `json:"any_order,omitempty"`
	// KeepMemory asks for MemoryBytes.
	KeepMemory bool `json:"-"`
	// Deadline is what calls bring, in milliseconds; 0: none.
	Deadline int `json:"deadline_ms,omitempty"`

	load.Result
	AnswersPerSecond     float64 `json:"answers_per_second"`
	PerAnswer            int     `json:"assessments_per_answer"`
	AssessmentsPerSecond float64 `json:"assessments_per_second"`

	ServerCPUSeconds float64 `json:"server_cpu_seconds"`
	CPUSecondsPerMln float64 `json:"server_cpu_seconds_per_million_assessments"`
	PeakMemoryBytes  int64   `json:"server_peak_memory_bytes"`
	MemoryBytes      []int64 `json:"server_memory_bytes,omitempty"` // a tenth of a second apart
	Seen             *Seen   `json:"server_metrics,omitempty"`
	Fresh            string  `json:"fresh,omitempty"` // whether answers came from the model
	Error            string  `json:"error,omitempty"`
}

// Seen is what the server's own metrics tell of a cell.
type Seen struct {
	FromModel  float64           `json:"assessments_from_model"`
	FromRecord float64           `json:"assessments_from_record"`
	Stages     map[string]Spread `json:"stage_ms,omitempty"`
	BatchRows  *Spread           `json:"batch_rows,omitempty"`
}

// Spread sums up a histogram. Percentiles are estimated within its buckets.
type Spread struct {
	Count float64 `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
}

// Name tells cells of different settings apart; rounds of one cell share it.
func (c Cell) Name() string {
	name := fmt.Sprintf("%s/%s/%s/%s", c.Suite, c.System, c.Call, c.Protocol)
	if c.Callers > 0 {
		name += fmt.Sprintf("/callers=%d", c.Callers)
	}
	if c.Watchers > 0 {
		name += fmt.Sprintf("/watchers=%d", c.Watchers)
	}
	if c.Share > 0 {
		name += fmt.Sprintf("/share=%g", c.Share)
	}
	if c.Deadline > 0 {
		name += fmt.Sprintf("/deadline=%dms", c.Deadline)
	}
	if c.Recorded > 0 {
		name += fmt.Sprintf("/recorded=%d", c.Recorded)
	}
	if c.AnyOrder {
		name += "/any-order"
	}
	return name
}

// Fill works out what follows from the counts.
func (c *Cell) Fill() {
	c.PerAnswer = max(c.PerAnswer, 1)
	if c.Seconds > 0 {
		c.AnswersPerSecond = float64(c.Answers) / c.Seconds
	}
	c.AssessmentsPerSecond = c.AnswersPerSecond * float64(c.PerAnswer)
	if assessments := float64(c.Answers) * float64(c.PerAnswer); assessments > 0 {
		c.CPUSecondsPerMln = c.ServerCPUSeconds / assessments * 1e6
	}
}

// MemoryThirds are the means of MemoryBytes over the first third of the cell's time
// and over the last; 0 if they were not kept.
func (c Cell) MemoryThirds() (first, last float64) {
	third := len(c.MemoryBytes) / 3
	if third == 0 {
		return 0, 0
	}
	for i := range third {
		first += float64(c.MemoryBytes[i]) / float64(third)
		last += float64(c.MemoryBytes[len(c.MemoryBytes)-1-i]) / float64(third)
	}
	return first, last
}
