package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
	"github.com/wassef911/grpcgoesbrrr/server/tracing"
)

// traceFlags say which calls are traced, and where to.
type traceFlags struct {
	TraceEndpoint    string  `help:"OTLP collector that is sent traces over HTTP, such as http://127.0.0.1:4318; empty: no traces."`
	TraceSample      float64 `help:"Share of calls that are traced, 0 to 1." default:"0.01"`
	TraceFollow      float64 `help:"Calls a second that are traced because their caller traces them; more are sampled as others are." default:"10"`
	TraceHeadersFile string  `help:"File of headers for the collector, such as Authorization: Bearer ..., one a line."`
}

func (c *traceFlags) mistakes() []error {
	wrong := slices.Concat(
		unless(c.TraceSample >= 0 && c.TraceSample <= 1, "--trace-sample must be 0 to 1"),
		unless(c.TraceFollow >= 0 && c.TraceFollow <= 1e6, "--trace-follow must be 0 to 1000000"),
		unless(c.TraceHeadersFile == "" || c.TraceEndpoint != "", "--trace-headers-file needs --trace-endpoint"),
		unless(!isHeader(c.TraceHeadersFile), "--trace-headers-file must name a file of headers, and not be one itself"),
	)
	if c.TraceEndpoint != "" {
		if err := tracing.CheckEndpoint(c.TraceEndpoint); err != nil {
			wrong = append(wrong, fmt.Errorf("--trace-endpoint %w", err))
		}
	}
	return wrong
}

// isHeader reports whether a header, which may be secret, stands where its file is to be
// named: nothing may show or log it then, as it would a path.
func isHeader(path string) bool {
	if !strings.ContainsAny(path, ":=") {
		return false
	}
	_, err := os.Stat(path)
	return err != nil
}

// openTracer makes the tracer, and a log whose lines tell of which trace they are.
// Without an endpoint there is none, and the log stays as it is.
func (c *traceFlags) openTracer(log *slog.Logger) (*tracing.Tracer, *slog.Logger, error) {
	if c.TraceEndpoint == "" {
		return nil, log, nil
	}
	log = tracing.Logged(log)
	tracer, err := tracing.Open(tracing.Options{
		Endpoint: c.TraceEndpoint, HeadersFile: c.TraceHeadersFile,
		Sample: c.TraceSample, Followed: c.TraceFollow, Version: versionName(), Log: log,
	})
	if err != nil {
		return nil, log, fmt.Errorf("--trace-headers-file: %w", err)
	}
	return tracer, log, nil
}

// environment is what the supervised predictor is told of traces. Its own
// OTEL_EXPORTER_OTLP_ENDPOINT does not count: what is not asked of us is not asked
// of it.
func (c *traceFlags) environment() []string {
	return []string{
		predictor.TraceEndpointVariable + "=" + c.TraceEndpoint,
		predictor.TraceHeadersVariable + "=" + c.TraceHeadersFile,
	}
}

// tracer is the app's, for rooms that ask whether there is one.
func (a *app) tracer() fraud.Tracer {
	if a.traces == nil {
		return nil
	}
	return a.traces
}

// closeTimeout bounds how long a stop waits for the collector.
const closeTimeout = 2 * time.Second

func (a *app) closeTraces() {
	if a.traces == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	a.traces.Close(ctx)
	if dropped := a.traces.Dropped(); dropped > 0 {
		a.log.Warn("spans were dropped", "dropped", dropped)
	}
}
