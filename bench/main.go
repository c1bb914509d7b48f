// Command bench measures the service beside its limits and beside what others
// use, on one machine in one run. It sets everything up, compares answers before
// it times anything, runs load, tears everything down, and writes
// results/latest.json and docs/benchmarks.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is what the command line knows. The plain command runs.
type cli struct {
	Run    runCmd    `cmd:"" default:"withargs" help:"Measure, and write the results and the report (default)."`
	Volume volumeCmd `cmd:"" help:"Measure Postgres with many transactions: what they cost to bring in, on the disk, and for whoever asks."`
	Report reportCmd `cmd:"" help:"Write the report again from the results that are there."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parsed := kong.Parse(&c, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
