package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
	"github.com/wassef911/grpcgoesbrrr/web"
)

// app is the service at work: every room, wired.
type app struct {
	log       *slog.Logger
	metrics   *metrics.Metrics
	store     fraud.Store
	child     *predictor.Local // nil unless the predictor is local
	predictor *predictor.Pool
	keyring   *access.Keyring
	assessor  *assess.Assessor
	reporter  *assess.Reporter
	recorder  *assess.Recorder
	feed      *rpc.Feed
	pressure  *rpc.Pressure
	draining  atomic.Bool

	url      string // where the API is reached
	adminURL string // where metrics and profiles are, or empty
	servers  []*http.Server
	failures chan error // of servers that ended by themselves
}

// start wires the rooms and listens. What it returns is to be closed, or served
// until a context ends.
func (c *serveCmd) start(ctx context.Context, log *slog.Logger) (_ *app, err error) {
	a := &app{log: log, metrics: metrics.New(), failures: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(time.Second))
		}
	}()
	log.Info("starting", "version", versionName())
	if a.store, err = c.open(ctx); err != nil {
		return a, err
	}
	if a.child, a.predictor, err = c.openPredictor(log); err != nil {
		return a, err
	}
	if a.keyring, err = access.OpenKeyring(ctx, a.store, log); err != nil {
		return a, err
	}
	if a.assessor, err = assess.New(a.store, a.predictor, a.metrics, batch.Options{MaxWait: c.MaxWait}); err != nil {
		return a, err
	}
	if a.reporter, err = assess.NewReporter(a.store, batch.Options{InFlight: 1}); err != nil {
		return a, err
	}
	if a.recorder, err = assess.NewRecorder(a.store, batch.Options{}); err != nil {
		return a, err
	}
	a.feed = rpc.NewFeed(a.store, a.assessor, c.feed)
	if a.pressure, err = rpc.OpenPressure(); err != nil {
		return a, err
	}
	handler := rpc.NewHandler(rpc.Config{
		Assessor: a.assessor, Reporter: a.reporter, Recorder: a.recorder, Store: a.store, Feed: a.feed, Predictor: a.predictor, Keyring: a.keyring,
		Ready: a.ready, Meter: a.metrics, Log: log, Origins: c.CORSOrigin, Deadline: c.Deadline, MaxDeadline: c.MaxDeadline,
		Console: web.Handler(), Limits: c.limits(), Pressure: a.pressure,
	})
	return a, a.listen(c, handler)
}

// consoleLink signs a browser in. What is behind the # is sent to no server.
func (a *app) consoleLink(key string) string { return a.url + "/#key=" + key }

// ready tells whether a real score can be had.
func (a *app) ready() error {
	switch {
	case a.draining.Load():
		return errors.New("draining")
	case !a.predictor.Ready():
		return fraud.PredictorUnavailable("no model answers", nil)
	}
	return nil
}

func (a *app) listen(c *serveCmd, handler http.Handler) error {
	public, err := a.serve(c.Listen, handler, c.TLSCert, c.TLSKey)
	if err != nil {
		return err
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	a.url = fmt.Sprintf("%s://%s", scheme, public)
	if c.AdminListen != "" {
		admin, err := a.serve(c.AdminListen, a.adminHandler(), "", "")
		if err != nil {
			return err
		}
		a.adminURL = "http://" + admin.String()
	}
	return nil
}

// serve listens with HTTP/1.1 and HTTP/2, in plain or with TLS.
func (a *app) serve(address string, handler http.Handler, cert, key string) (net.Addr, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler: handler, Protocols: protocols,
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 1000, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.servers = append(a.servers, server)
	go func() {
		if cert != "" {
			err = server.ServeTLS(listener, cert, key)
		} else {
			err = server.Serve(listener)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			a.failures <- fmt.Errorf("serve %s: %w", address, err)
		}
	}()
	return listener.Addr(), nil
}

// adminHandler is for operators: metrics and profiles.
func (a *app) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", a.metrics.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// serveUntil serves until the context ends or a server fails, then drains.
func (a *app) serveUntil(ctx context.Context, drain time.Duration) error {
	a.log.Info("listening", "url", a.url)
	var failure error
	select {
	case <-ctx.Done():
		a.log.Info("draining")
	case failure = <-a.failures:
	}
	return errors.Join(failure, a.close(drain))
}

// close drains: balancers see that it is not ready, calls under way are
// answered, then each room closes in the order of its need.
func (a *app) close(drain time.Duration) error {
	a.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if a.feed != nil {
		a.feed.Close() // or Shutdown would wait for watchers, who never end by themselves
	}
	if a.pressure != nil {
		a.pressure.Close()
	}
	var errs []error
	for _, server := range a.servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("calls were still under way: %w", err), server.Close())
		}
	}
	if a.assessor != nil {
		errs = append(errs, a.assessor.Close(ctx))
	}
	if a.reporter != nil {
		errs = append(errs, a.reporter.Close(ctx))
	}
	if a.recorder != nil {
		errs = append(errs, a.recorder.Close(ctx))
	}
	if a.keyring != nil {
		a.keyring.Close()
	}
	if a.predictor != nil {
		a.predictor.Close()
	}
	if a.child != nil {
		a.child.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	a.log.Info("stopped")
	return errors.Join(errs...)
}
