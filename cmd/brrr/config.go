package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
	"github.com/wassef911/grpcgoesbrrr/server/tracing"
)

type configCmd struct {
	Check  configCheckCmd  `cmd:"" help:"Name all that brrr serve would refuse in its settings."`
	Show   configShowCmd   `cmd:"" help:"Show every setting, and where it comes from."`
	Sample configSampleCmd `cmd:"" help:"Print a file of settings with every key, its default and what it is for."`
}

// configCheckCmd takes what serve takes. Mistakes are found, and named, before it runs.
type configCheckCmd struct{ serveCmd }

// Run tells what only the start would find.
func (c *configCheckCmd) Run(io streams, read *settings.Settings) error {
	for _, unknown := range read.Unknown {
		fmt.Fprintf(io.err, "brrr: warning: unknown variable %s\n", unknown)
	}
	if err := errors.Join(c.missing()...); err != nil {
		return usageError{err}
	}
	fmt.Fprintln(io.out, "ok")
	return nil
}

// usageError ends a command as one does that could not be read.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// missing is what a start would not find, or could not read.
func (c *serveCmd) missing() (wrong []error) {
	quiet := slog.New(slog.DiscardHandler)
	if _, err := c.openCertificates(quiet); err != nil {
		wrong = append(wrong, err)
	}
	if err := c.issuer().CheckCA(); err != nil {
		wrong = append(wrong, fmt.Errorf("--oidc-ca: %w", err))
	}
	if err := tracing.CheckHeaders(c.TraceHeadersFile); err != nil {
		wrong = append(wrong, fmt.Errorf("--trace-headers-file: %w", err))
	}
	if c.Predictor != local {
		return wrong
	}
	where, err := c.localPredictor()
	if err != nil {
		return append(wrong, err)
	}
	for flag, path := range map[string]string{"--predictor-python": where.Python, "--predictor-root": where.Root, "--models": where.Models} {
		if _, err := os.Stat(path); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", flag, err))
		}
	}
	return wrong
}

type configSampleCmd struct{}

// Run prints deploy/brrr.yaml.
func (configSampleCmd) Run(io streams) error {
	serve, _ := commandOf(newParser(context.Background(), &commands{}, io).Model.Node, []string{"serve"})
	_, err := fmt.Fprint(io.out, settings.Sample(serve))
	return err
}
