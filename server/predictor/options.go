package predictor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// AgeUnit is the unit of age_of_account that a model was trained on.
type AgeUnit string

// Scale is that of a model's fraud_probability.
type Scale string

// API is what a host is called with.
type API string

const (
	AgeSeconds AgeUnit = "seconds"
	AgeDays    AgeUnit = "days"

	ScaleUnit    Scale = "unit"    // 0 to 1
	ScalePercent Scale = "percent" // 0 to 100

	// APIAuto asks GetModel; UNIMPLEMENTED means PredictFraud alone.
	APIAuto API = "auto"
	// APIUnary never calls more than PredictFraud, for hosts that answer an
	// unknown method with another code.
	APIUnary API = "unary"
)

// Defaults of Options.
const (
	DefaultVersion      = "unversioned"
	DefaultUnaryCalls   = 64
	DefaultBatches      = 1
	DefaultWatchEvery   = time.Second
	DefaultProbeTimeout = time.Second
	DefaultLookUpEvery  = 5 * time.Second
	DefaultHungAfter    = 30 * time.Second
)

// maxBatches bounds Batches: beyond it rows travel in calls of a few.
const maxBatches = 1000

// Options says how to reach models and how to read them. A zero field takes its
// default.
type Options struct {
	// Addresses are http://HOST:PORT, https://HOST:PORT or unix:PATH, at least one.
	// With dns+ before it, each address that the name has by now is a host.
	Addresses []string
	Resolver  *net.Resolver // of such names
	// LookUpEvery is how often it is asked which addresses such a name has.
	LookUpEvery time.Duration
	API         API
	AgeUnit     AgeUnit
	Scale       Scale
	// Version is what a host without GetModel is recorded as.
	Version    string
	UnaryCalls int // PredictFraud calls under way at once, to one host
	// Batches is how many of them are under way at once to one host that takes
	// batches: one a process or replica behind its address.
	Batches int
	// Application is sent as the metadata of that name: a proxy of Ray Serve goes by
	// it. Behind such a proxy another replica may answer what one has failed.
	Application string
	// TLS is what a connection that begins now to host, at https://, stands on. The
	// system's authorities by default.
	TLS func(host string) *tls.Config
	// WatchEvery is how often each host is asked for its model and a score.
	WatchEvery   time.Duration
	ProbeTimeout time.Duration
	// Hung is told of a host that has been alive and silent for HungAfter, again
	// each time that passes. Nil: nobody is.
	Hung      func(address string)
	HungAfter time.Duration
	Log       *slog.Logger
}

func (o Options) withDefaults() Options {
	o.API = orDefault(o.API, APIAuto)
	o.AgeUnit = orDefault(o.AgeUnit, AgeSeconds)
	o.Scale = orDefault(o.Scale, ScaleUnit)
	o.Version = orDefault(o.Version, DefaultVersion)
	o.UnaryCalls = orDefault(o.UnaryCalls, DefaultUnaryCalls)
	o.Batches = orDefault(o.Batches, DefaultBatches)
	o.WatchEvery = orDefault(o.WatchEvery, DefaultWatchEvery)
	o.ProbeTimeout = orDefault(o.ProbeTimeout, DefaultProbeTimeout)
	o.LookUpEvery = orDefault(o.LookUpEvery, DefaultLookUpEvery)
	o.HungAfter = orDefault(o.HungAfter, DefaultHungAfter)
	if o.TLS == nil {
		o.TLS = func(host string) *tls.Config { return &tls.Config{ServerName: host} }
	}
	o.Resolver = orDefault(o.Resolver, net.DefaultResolver)
	o.Log = orDefault(o.Log, slog.Default())
	return o
}

func (o Options) validate() error {
	switch {
	case len(o.Addresses) == 0:
		return errors.New("predictor: Addresses must name at least one host")
	case o.API != APIAuto && o.API != APIUnary:
		return fmt.Errorf("predictor: API must be auto or unary, not %q", o.API)
	case o.AgeUnit != AgeSeconds && o.AgeUnit != AgeDays:
		return fmt.Errorf("predictor: AgeUnit must be seconds or days, not %q", o.AgeUnit)
	case o.Scale != ScaleUnit && o.Scale != ScalePercent:
		return fmt.Errorf("predictor: Scale must be unit or percent, not %q", o.Scale)
	case checkVersion(o.Version) != nil:
		return fmt.Errorf("predictor: Version: %w", checkVersion(o.Version))
	case o.UnaryCalls < 1:
		return fmt.Errorf("predictor: UnaryCalls must be at least 1, not %d", o.UnaryCalls)
	case o.Batches < 1 || o.Batches > maxBatches:
		return fmt.Errorf("predictor: Batches must be 1 to %d, not %d", maxBatches, o.Batches)
	case strings.ContainsFunc(o.Application, func(r rune) bool { return r < '!' || r > '~' }):
		return fmt.Errorf("predictor: Application must be of printable ASCII without spaces, not %q", o.Application)
	case o.WatchEvery < 0 || o.ProbeTimeout < 0 || o.LookUpEvery < 0 || o.HungAfter < 0:
		return errors.New("predictor: WatchEvery, ProbeTimeout, LookUpEvery and HungAfter must be above 0")
	}
	return nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
