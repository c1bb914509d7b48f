package rpc

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Defaults of Config.
const (
	DefaultDeadline    = 5 * time.Second
	DefaultMaxDeadline = 30 * time.Second
	// DefaultMaxRequestBytes holds 1,000 transactions with the longest IDs.
	DefaultMaxRequestBytes = 2 << 20
)

// Config is what the edge stands on. Durations and sizes default to the
// constants above.
type Config struct {
	Assessor  *assess.Assessor
	Reporter  *assess.Reporter
	Recorder  *assess.Recorder
	Store     fraud.Store
	Feed      *Feed
	Predictor fraud.Predictor
	Callers   *access.Callers
	Limits    access.Limits // of each key
	Pressure  *Pressure     // nil: calls are refused for the batches' sake alone
	// Ready tells whether a real score can be had; the error says why not.
	Ready func() error
	Meter fraud.Meter
	// Tracer, if any, makes spans of calls. Nil costs nothing.
	Tracer fraud.Tracer
	Log    *slog.Logger
	// Origins are those whose pages may call, such as https://console.example.
	// None: only pages of this server's own origin.
	Origins         []string
	Deadline        time.Duration // of calls that bring none
	MaxDeadline     time.Duration // whatever a call brings
	MaxRequestBytes int
	// Tuning takes Limits, Origins and Deadline, and can change them later. Nil: they
	// stay.
	Tuning *Tuning
	// Console answers what is no call: the page for browsers. Nil: nothing does.
	Console http.Handler
}

func (cfg Config) withDefaults() Config {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Callers == nil {
		cfg.Callers = &access.Callers{}
	}
	if cfg.Meter == nil {
		cfg.Meter = fraud.Unmetered{}
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = DefaultDeadline
	}
	if cfg.MaxDeadline == 0 {
		cfg.MaxDeadline = DefaultMaxDeadline
	}
	if cfg.MaxRequestBytes == 0 {
		cfg.MaxRequestBytes = DefaultMaxRequestBytes
	}
	if cfg.Tuning == nil {
		cfg.Tuning = new(Tuning)
	}
	cfg.Tuning.Set(cfg.Limits, cfg.Origins, cfg.Deadline)
	if cfg.Console == nil {
		cfg.Console = http.NotFoundHandler()
	}
	return cfg
}
