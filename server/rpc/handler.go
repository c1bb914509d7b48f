// Package rpc is the edge: one Connect handler that speaks gRPC, gRPC-Web and
// Connect's JSON on one port, and what every call passes before it is answered.
package rpc

import (
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// service answers the procedures, one file each.
type service struct {
	Config
	live *liveFigures
}

// NewHandler is the public port. A request passes, in this order: headers for
// browsers, request ID, CORS, too much being asked, the seed's path, the size limit;
// then, in a call of the service, its count, the gate (who calls, and may they?), its
// span, errors, panics, limits of the key, deadline, rules, procedure.
func NewHandler(cfg Config) http.Handler {
	cfg = cfg.withDefaults()
	mux := http.NewServeMux()
	path, calls := fraudactivityv1connect.NewFraudActivityServiceHandler(&service{cfg, newLiveFigures(cfg.Store)}, callLayers(cfg)...)
	mux.Handle(path, counted(cfg.Meter, false, calls))
	mux.Handle(fraudactivityv1connect.FraudActivityServiceWatchFraudActivityProcedure, counted(cfg.Meter, true, streaming(calls)))
	mux.Handle(grpchealth.NewHandler(healthChecker{cfg.Ready}))
	names := grpcreflect.NewStaticReflector(fraudactivityv1connect.FraudActivityServiceName)
	mux.Handle(grpcreflect.NewHandlerV1(names))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(names))
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", readiness(cfg.Ready))
	mux.Handle("/", cfg.Console)

	var h http.Handler = mux
	for _, layer := range []func(http.Handler) http.Handler{
		limitBody(int64(cfg.MaxRequestBytes)), seedPath(cfg.Meter),
		(&shedder{assessor: cfg.Assessor, pressure: cfg.Pressure, callers: cfg.Callers, meter: cfg.Meter, log: cfg.Log}).layer,
		corsLayer(cfg.Tuning), withRequestID, withSecurityHeaders,
	} { // the last is the outermost
		h = layer(h)
	}
	return h
}

// callLayers are what every call of the service passes, the outermost first.
func callLayers(cfg Config) []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithRequestGate(gate(cfg.Callers, cfg.Meter, cfg.Log)),
		connect.WithReadMaxBytes(cfg.MaxRequestBytes), boundedGzip(cfg.MaxRequestBytes),
		connect.WithCompressMinBytes(1024), // to gzip a single answer costs more than it saves
		connect.WithCodec(protoCodec{}),
		connect.WithCodec(jsonCodec{name: "json"}),
		connect.WithCodec(jsonCodec{name: "json; charset=utf-8"}),
		tracing(cfg.Tracer), connect.WithInterceptors(&translator{cfg.Log}),
		connect.WithRecover(recovered),
		connect.WithInterceptors(limits{cfg.Tuning.limiter}, deadlines{&cfg.Tuning.deadline, cfg.MaxDeadline}, rules{}),
	}
}
