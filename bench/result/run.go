package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// Run is everything that one run of the benchmark saw.
type Run struct {
	Machine  Machine  `json:"machine"`
	Settings Settings `json:"settings"`
	Equality []Equal  `json:"equality"`
	Limits   Limits   `json:"limits"`
	Peers    []Peer   `json:"peers"`
	Overload []Probe  `json:"overload_refusals,omitempty"`
	Targets  []Target `json:"targets"`
	Cells    []Cell   `json:"cells"`
	Problems []string `json:"problems"`
}

// Machine is where the run took place.
type Machine struct {
	CPU         string    `json:"cpu"`
	Cores       int       `json:"cores"`
	MemoryBytes int64     `json:"memory_bytes"`
	Kernel      string    `json:"kernel"`
	Filesystem  string    `json:"filesystem"`
	Go          string    `json:"go"`
	Python      string    `json:"python"`
	Node        string    `json:"node"`
	Wrk         string    `json:"wrk"`
	Commit      string    `json:"commit"`
	Began       time.Time `json:"began"`
	Minutes     float64   `json:"minutes"`
}

// Settings are the flags that change what figures mean.
type Settings struct {
	Seconds     float64 `json:"seconds_per_cell"`
	WarmUp      float64 `json:"warm_up_seconds"`
	Rounds      int     `json:"rounds"`
	Recorded    int64   `json:"recorded_transactions"`
	RecordedBig int64   `json:"recorded_transactions_large,omitempty"`
	Quick       bool    `json:"quick"`
	Only        string  `json:"only,omitempty"`
}

// Equal tells whether a system gives the model's own answers.
type Equal struct {
	System   string  `json:"system"`
	Protocol string  `json:"protocol"`
	Compared int     `json:"compared"`
	Worst    float64 `json:"worst_relative_difference"`
	Error    string  `json:"error,omitempty"`
}

// Limits are what parts can do alone.
type Limits struct {
	InProcessRowsPerSecond float64 `json:"lightgbm_in_process_rows_per_second"` // batches of 1,000, one thread
	InProcessRowMicros     float64 `json:"lightgbm_in_process_one_row_us"`
	FsyncMicros            float64 `json:"fsync_us"` // median of 4 KiB appended and synced
	PredictFraudMicros     float64 `json:"predict_fraud_us"`
	PredictBatchMicros     float64 `json:"predict_fraud_batch_one_row_us"`
}

// Peer is what others use.
type Peer struct {
	Name     string            `json:"name"`
	Title    string            `json:"title"`
	Protocol string            `json:"protocol"`
	Front    string            `json:"front"`
	Versions map[string]string `json:"versions"`
	Tuning   string            `json:"tuning"`
	Lacks    string            `json:"lacks"`
	Error    string            `json:"error,omitempty"` // why it is not measured
}

// Probe is one look at how a system refuses while it is overloaded.
type Probe struct {
	Cell       string         `json:"cell"`
	Codes      map[string]int `json:"codes"`   // answers of the probing caller, by code
	Refusal    string         `json:"refusal"` // the body of one refusal
	RetryInfo  bool           `json:"retry_info"`
	RefusedIn  float64        `json:"refused_in_ms_p50"`
	RetryAfter string         `json:"retry_after,omitempty"`
}

// Target is something that must be shown.
type Target struct {
	What   string  `json:"what"`
	Want   string  `json:"want"`
	Seen   string  `json:"seen"`
	Met    string  `json:"met"` // yes, no, or why it cannot be told
	How    string  `json:"how,omitempty"`
	Figure float64 `json:"figure,omitempty"`
}

// Save writes the run where Load finds it.
func (r Run) Save(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Load reads a run.
func Load(path string) (Run, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Run{}, err
	}
	var r Run
	return r, json.Unmarshal(text, &r)
}
