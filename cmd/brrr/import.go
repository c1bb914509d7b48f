package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/client"
)

type importCmd struct {
	Files    []string `arg:"" name:"file" help:"CSV or NDJSON, gzipped or not, or Parquet; - reads standard input, which is no Parquet. Columns: transaction_id, account_id, amount, time (epoch seconds or RFC 3339), and where there are any currency, account_opened_at, label (1 or 0: becomes an outcome). Others are not read."`
	Accounts string   `help:"CSV of account_id and opened_at." type:"existingfile"`
	Rejects  string   `help:"Where refused rows go, with their line numbers. Written only if there are any." default:"import-rejects.csv" type:"path"`
	storeFlags
	Server      string `help:"Service to send to, instead of writing to the store. The key needs RECORD, and LABEL for labels." env:"BRRR_SERVER"`
	callerFlags        // needs RECORD, and LABEL for labels
}

// AfterApply holds --data and --store against a BRRR_SERVER, or a BRRR_STORE, that is
// set for other commands. Kong calls it.
func (c *importCmd) AfterApply(line *kong.Context) error {
	one := oneStore{c.storeFlags}
	if err := one.AfterApply(line); err != nil {
		return err
	}
	c.storeFlags = one.storeFlags
	given := flagsOn(line)
	for _, store := range []string{"data", "store"} {
		if given[store] && given["server"] {
			return fmt.Errorf("--%s and --server exclude each other", store)
		}
		if given[store] {
			c.Server = ""
		}
	}
	return nil
}

// Run imports the files in order. It is safe to repeat and to interrupt: what
// is recorded already is found to be so and left alone.
func (c *importCmd) Run(ctx context.Context, io streams) (err error) {
	if err := c.checkFiles(); err != nil {
		return err
	}
	opened, err := readAccounts(c.Accounts, io.in)
	if err != nil {
		return err
	}
	to, closeSink, err := c.sink(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSink()) }()
	job := &importJob{to: to, opened: opened, rejects: &rejectFile{path: c.Rejects}, began: time.Now()}
	for _, path := range c.Files {
		if err = job.file(ctx, path, io); err != nil {
			break
		}
	}
	err = errors.Join(err, job.rejects.close())
	if job.rows > 0 || job.rejects.rows > 0 || err == nil {
		job.summarize(io.err)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("interrupted; run the same command again to go on")
	case err != nil:
		return err
	case job.rejects.rows > 0:
		return errRejects
	}
	return nil
}

// checkFiles finds a misspelt name before anything is recorded.
func (c *importCmd) checkFiles() error {
	for _, path := range c.Files {
		if path == "-" {
			continue
		}
		if info, err := os.Stat(path); err != nil {
			return err
		} else if info.IsDir() {
			return fmt.Errorf("%s: is a folder, not a file", path)
		}
	}
	return nil
}

// sink is the service, or the store itself.
func (c *importCmd) sink(ctx context.Context) (sink, func() error, error) {
	if c.Server != "" {
		service, err := remote{c.Server, c.callerFlags}.dial(client.WithRetries(0)) // patiently repeats, labels too
		return remoteSink{service, c.Server}, func() error { return nil }, err
	}
	store, err := c.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return localSink{store, c.where()}, store.Close, nil
}

// summarize tells what was done, where, and the first refusals.
func (j *importJob) summarize(w io.Writer) {
	took := time.Since(j.began)
	fmt.Fprintf(w, "%d recorded, %d already recorded, %d outcomes, %d refused in %s (%.0f rows/s), to %s\n",
		j.recorded, j.already, j.outcomes, j.rejects.rows, took.Round(time.Millisecond), float64(j.rows)/took.Seconds(), j.to)
	j.rejects.summarize(w)
}
