package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type assessCmd struct {
	remote
	// Not from the environment: other commands have a BRRR_OUTPUT that is no file.
	Input   string `required:"" help:"CSV or NDJSON, gzipped or not, or Parquet. With the columns transaction_id, account_id, amount and time, as brrr import reads them, its rows are recorded and assessed; with transaction_id and none of the others, assessed." type:"existingfile" env:"-"`
	Output  string `required:"" help:"File to write, whole or not at all: CSV if its name ends in .csv or .csv.gz, Parquet if in .parquet. Progress is kept beside it, in a file of that name with .part." type:"path" env:"-"`
	Rejects string `help:"Where rows without an answer go, with their line numbers. Written only if there are any." default:"assess-rejects.csv" type:"path"`
}

// Help is what --help shows besides. Kong calls it.
func (assessCmd) Help() string {
	return `One row of output for each row of input, in its order: transaction_id, predicted_label,
fraud_probability (percent, 0 to 100), model_version, threshold (likewise percent),
assessed_at and reason. A row without an answer has a reason, such as
TRANSACTION_UNKNOWN, and no other value.

What is interrupted goes on where it was when the same command is run again. The key
needs ASSESS, and RECORD for files that are recorded. Labels are not read: see brrr
import.`
}

// Run assesses a file. It is safe to repeat and to interrupt.
func (c *assessCmd) Run(ctx context.Context, streams streams) (err error) {
	write, err := outputOf(c.Output)
	if err != nil {
		return err
	}
	if err := c.checkFiles(); err != nil {
		return err
	}
	service, err := c.dial()
	if err != nil {
		return err
	}
	source, err := openSource(c.Input, nil)
	if err != nil {
		return err
	}
	defer source.close()
	part, err := openPart(ctx, c.Output+partSuffix, c.Input)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, part.close()) }()
	began, before := time.Now(), part.rows
	if before > 0 {
		fmt.Fprintf(streams.err, "%d rows are done; going on behind them\n", before)
	}
	bar := newProgress(streams.err, source.name, source.size)
	err = newAssessJob(service, part, bar).file(ctx, source)
	bar.finish()
	if err != nil {
		return c.goOnLater(ctx, part, err, streams)
	}
	rejects := &rejectFile{path: c.Rejects}
	err = exportFile(c.Output, func(to io.Writer) error { return write(to, part.path) })
	if err == nil {
		err = errors.Join(part.reject(source.name, rejects), rejects.close())
	}
	if err == nil {
		err = part.remove()
	}
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(streams.err, "%d rows, %d of them without an answer, to %s; %d in %s (%.0f rows/s)\n", part.rows, rejects.rows, c.Output,
		part.rows-before, took.Round(time.Millisecond), float64(part.rows-before)/took.Seconds())
	rejects.summarize(streams.err)
	if rejects.rows > 0 {
		return errRejects
	}
	return nil
}

// checkFiles finds what could not be written before anything is asked.
func (c *assessCmd) checkFiles() error {
	if err := mayReplace(c.Output); err != nil {
		return err
	}
	input, err := os.Stat(c.Input)
	if err != nil {
		return err
	}
	if !input.Mode().IsRegular() {
		return fmt.Errorf("%s: must be a file: it is read again to go on", c.Input)
	}
	if output, err := os.Stat(c.Output); err == nil && os.SameFile(input, output) {
		return errors.New("--input and --output are the same file")
	}
	return nil
}

// goOnLater tells how, if there is anything to go on with.
func (c *assessCmd) goOnLater(ctx context.Context, part *partFile, err error, streams streams) error {
	if part.rows == 0 {
		err = errors.Join(err, part.remove())
	} else if ctx.Err() == nil {
		fmt.Fprintf(streams.err, "%d rows are done; run the same command again to go on\n", part.rows)
	}
	return interrupted(ctx, err)
}

// interrupted tells what to do, if it was no failure that ended a run.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted; run the same command again to go on")
	}
	return err
}

// outputOf chooses the format by the name's end.
func outputOf(path string) (func(to io.Writer, part string) error, error) {
	switch {
	case strings.HasSuffix(path, ".csv"), strings.HasSuffix(path, ".csv.gz"):
		return writeCSV, nil
	case strings.HasSuffix(path, ".parquet"):
		return writeParquet, nil
	}
	return nil, usageError{fmt.Errorf("--output: the name must end in .csv, .csv.gz or .parquet, not as %q does", filepath.Base(path))}
}
