package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
	"github.com/wassef911/grpcgoesbrrr/server/tracing"
	"github.com/wassef911/grpcgoesbrrr/web"
)

// app is the service at work: every room, wired.
type app struct {
	log       *slog.Logger
	data      *dataLock // nil until the folder is ours, or if there is none
	metrics   *metrics.Metrics
	certs     certificates
	traces    *tracing.Tracer // nil unless asked for
	store     fraud.Store
	child     *predictor.Local // nil unless the predictor is local
	predictor *predictor.Pool
	keyring   *access.Keyring
	audit     *auditTail
	tokens    *access.Tokens // nil unless there is an issuer
	assessor  *assess.Assessor
	reporter  *assess.Reporter
	recorder  *assess.Recorder
	feed      *rpc.Feed
	pressure  *rpc.Pressure
	tuning    rpc.Tuning
	sharing   func()       // ends the sharing of limits with other gateways
	open      *connections // of callers
	reloader  reloader
	draining  atomic.Bool

	url      string // where the API is reached
	adminURL string // where metrics and profiles are, or empty
	servers  []*http.Server
	failures chan error // of servers that ended by themselves
}

// start wires the rooms and listens. What it returns is to be closed, or served
// until a context ends.
func (c *serveCmd) start(ctx context.Context, log *slog.Logger) (_ *app, err error) {
	a := &app{log: log, metrics: metrics.New(rpc.Procedures()...), failures: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(time.Second))
		}
	}()
	if a.traces, a.log, err = c.openTracer(log); err != nil {
		return a, err
	}
	log = a.log
	socket := "" // in a temporary folder
	if c.Store == "" {
		socket = c.Data
		if a.data, err = lockData(c.Data, "serve"); err != nil {
			return a, err
		}
	}
	if a.store, err = c.open(ctx); err != nil {
		return a, err
	}
	if a.certs, err = c.openCertificates(log); err != nil {
		return a, err
	}
	if a.child, a.predictor, err = c.openPredictor(socket, c.traceFlags.environment(), a.certs.hosts, log); err != nil {
		return a, err
	}
	a.certs.watch(a.predictor.Renew)
	if a.keyring, err = access.OpenKeyring(ctx, a.store, log); err != nil {
		return a, err
	}
	if a.audit, err = openAuditTail(ctx, a.store, a.predictor.Model, log); err != nil {
		return a, err
	}
	if a.tokens, err = c.openTokens(log); err != nil {
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
		Assessor: a.assessor, Reporter: a.reporter, Recorder: a.recorder, Store: a.store, Feed: a.feed, Predictor: a.predictor,
		Callers: &access.Callers{Keys: a.keyring, Tokens: a.tokens, SignIns: c.signIns(log)},
		Ready:   a.ready, Meter: a.metrics, Tracer: a.tracer(), Log: log, Origins: c.CORSOrigin, Deadline: c.Deadline, MaxDeadline: c.MaxDeadline,
		Console: web.Handler(), Limits: c.limits(), Pressure: a.pressure, Tuning: &a.tuning,
	})
	a.sharing = a.shareLimits(log)
	a.reloader = reloader{log: log, read: c.again, now: c.read, done: a.audit.reloaded,
		apply: []func(*serveCmd) error{func(*serveCmd) error { return a.certs.Reload() }, a.retune(c)}}
	if err = a.listen(c, handler); err != nil {
		return a, err
	}
	if a.data != nil {
		err = a.data.listens(a.url)
	}
	return a, err
}

// shareLimits has limits hold for all gateways of the store, if there can be others.
func (a *app) shareLimits(log *slog.Logger) (end func()) {
	uses, shared := a.store.(fraud.Uses)
	if !shared {
		return func() {}
	}
	ctx, stop := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { a.tuning.Share(ctx, uses, log) })
	return func() { stop(); wait.Wait() }
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
	return a.store.Check(context.Background())
}

func (a *app) listen(c *serveCmd, handler http.Handler) error {
	warnOfPlain(a.log, c.Listen, c.AdminListen, c.TLSCert != "")
	settings := newHTTPSettings(c.MaxDeadline, c.MaxConnections)
	a.open = settings.connections
	a.measure()
	public, err := a.serveWith(settings, c.Listen, handler, a.certs.forCallers())
	if err != nil {
		return err
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	a.url = fmt.Sprintf("%s://%s", scheme, public)
	if c.AdminListen != "" {
		admin, err := a.serveWith(newHTTPSettings(longestProfile, adminConnections), c.AdminListen, a.adminHandler(), nil)
		if err != nil {
			return err
		}
		a.adminURL = "http://" + admin.String()
	}
	return nil
}

const (
	// longestProfile is how long a profile may be taken for.
	longestProfile   = 5 * time.Minute
	adminConnections = 100
)

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

// serveUntil serves until the context ends or a server fails, then drains. delay is
// what balancers are given in between.
func (a *app) serveUntil(ctx context.Context, delay, drain time.Duration) error {
	a.log.Info("listening", "url", a.url)
	for {
		select {
		case <-a.reloader.asked():
			a.reloader.reload()
		case <-ctx.Done():
			a.log.Info("draining")
			return errors.Join(a.serveOn(delay), a.close(drain))
		case failure := <-a.failures:
			return errors.Join(failure, a.close(drain))
		}
	}
}

// serveOn answers calls for a while longer, but is not ready: who asks for that now and
// then sends callers elsewhere before there is nobody here.
func (a *app) serveOn(delay time.Duration) error {
	a.draining.Store(true)
	select {
	case <-time.After(delay):
		return nil
	case failure := <-a.failures:
		return failure
	}
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
		if err := shutDown(ctx, server); err != nil {
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
	a.certs.close()
	if a.sharing != nil {
		a.sharing()
	}
	if a.keyring != nil {
		a.keyring.Close()
	}
	if a.audit != nil {
		errs = append(errs, a.audit.close(ctx))
	}
	if a.tokens != nil {
		a.tokens.Close()
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
	a.closeTraces()
	if a.data != nil {
		errs = append(errs, a.data.release())
	}
	a.log.Info("stopped")
	return errors.Join(errs...)
}
