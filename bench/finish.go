package main

import (
	"fmt"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/report"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// notesFile is written by hand: profiles, and causes of missed targets.
const notesFile = "notes.md"

// finish judges, saves, reports and prints. It fails if anything went wrong on
// the way; a missed target alone is no failure.
func (b *bench) finish() error {
	b.run.Machine.Minutes = time.Since(b.run.Machine.Began).Minutes()
	b.run.Judge()
	if err := b.run.Save(b.Results); err != nil {
		return err
	}
	if b.Docs != "" {
		if err := report.Write(b.run, b.Docs, notesFile); err != nil {
			return err
		}
	}
	fmt.Println(report.Targets(b.run))
	if n := len(b.run.Problems); n > 0 {
		return fmt.Errorf("%d things went wrong; they stand in %s", n, b.Results)
	}
	return nil
}

// reportCmd writes the report again.
type reportCmd struct {
	Results string `help:"File that holds the results." default:"results/latest.json"`
	Docs    string `help:"Report to write; its plots stand beside it." default:"../docs/benchmarks.md"`
}

// Run judges again too, so that a target that was added shows.
func (c *reportCmd) Run() error {
	run, err := result.Load(c.Results)
	if err != nil {
		return err
	}
	run.Judge()
	if err := report.Write(run, c.Docs, notesFile); err != nil {
		return err
	}
	fmt.Println(report.Targets(run))
	return nil
}
