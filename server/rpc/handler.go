// Package rpc is the edge: one Connect handler that speaks gRPC, gRPC-Web and
// Connect's JSON on one port, and what every call passes before it is answered.
package rpc

import (
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
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
	Store     fraud.Store
	Predictor fraud.Predictor
	Keyring   *access.Keyring
	// Ready tells whether a real score can be had; the error says why not.
	Ready func() error
	Log   *slog.Logger
	// Origins are those whose pages may call, such as https://console.example.
	// None: only pages of this server's own origin.
	Origins         []string
	Deadline        time.Duration // of calls that bring none
	MaxDeadline     time.Duration // whatever a call brings
	MaxRequestBytes int
}

// service answers the procedures, one file each.
type service struct {
	Config
}

// NewHandler is the public port. A request passes, in this order: request ID,
// CORS, the seed's path, the size limit; then, in a call of the service, the
// gate (who calls, and may they?), errors, panics, deadline, rules, procedure.
func NewHandler(cfg Config) http.Handler {
	cfg = cfg.withDefaults()
	mux := http.NewServeMux()
	mux.Handle(fraudactivityv1connect.NewFraudActivityServiceHandler(&service{cfg}, callLayers(cfg)...))
	mux.Handle(grpchealth.NewHandler(healthChecker{cfg.Ready}))
	names := grpcreflect.NewStaticReflector(fraudactivityv1connect.FraudActivityServiceName)
	mux.Handle(grpcreflect.NewHandlerV1(names))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(names))
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", readiness(cfg.Ready))

	var h http.Handler = mux
	for _, layer := range []func(http.Handler) http.Handler{
		limitBody(int64(cfg.MaxRequestBytes)), seedPath, corsLayer(cfg.Origins), withRequestID,
	} { // the last is the outermost
		h = layer(h)
	}
	return h
}

// callLayers are what every call of the service passes, the outermost first.
func callLayers(cfg Config) []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithRequestGate(gate(cfg.Keyring, cfg.Log)),
		connect.WithReadMaxBytes(cfg.MaxRequestBytes),
		connect.WithCompressMinBytes(1024), // to gzip a single answer costs more than it saves
		connect.WithCodec(protoCodec{}),
		connect.WithCodec(jsonCodec{name: "json"}),
		connect.WithCodec(jsonCodec{name: "json; charset=utf-8"}),
		connect.WithInterceptors(&translator{cfg.Log}),
		connect.WithRecover(recovered),
		connect.WithInterceptors(deadlines{cfg.Deadline, cfg.MaxDeadline}, rules{}),
	}
}

func (cfg Config) withDefaults() Config {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
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
	return cfg
}
