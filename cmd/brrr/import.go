package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

type importCmd struct {
	Files    []string `arg:"" name:"file" help:"CSV or NDJSON, gzipped or not; - reads standard input. Columns: transaction_id, account_id, amount, time (epoch seconds or RFC 3339), and where there are any currency, account_opened_at, label (1 or 0: becomes an outcome). Others are not read."`
	Accounts string   `help:"CSV of account_id and opened_at." type:"existingfile"`
	Rejects  string   `help:"Where refused rows go, with their line numbers. Written only if there are any." default:"import-rejects.csv" type:"path"`
	Data     string   `help:"Folder of the embedded store to write to." default:"data" type:"path" env:"BRRR_DATA" xor:"where"`
	Server   string   `help:"Service to send to, instead of writing to --data." env:"BRRR_SERVER"`
	Key      string   `help:"Key for --server. Needs RECORD, and LABEL for labels." env:"BRRR_KEY"`
}

// Run imports the files in order. It is safe to repeat and to interrupt: what
// is recorded already is found to be so and left alone.
func (c *importCmd) Run(ctx context.Context, io streams) error {
	to, closeSink, err := c.sink(ctx)
	if err != nil {
		return err
	}
	defer closeSink()
	opened, err := readAccounts(c.Accounts)
	if err != nil {
		return err
	}
	job := &importJob{to: to, opened: opened, rejects: &rejectFile{path: c.Rejects}, began: time.Now()}
	for _, path := range c.Files {
		if err = job.file(ctx, path, io); err != nil {
			break
		}
	}
	err = errors.Join(err, job.rejects.close())
	job.summarize(io.err)
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; run the same command again to go on")
	case err != nil:
		return err
	case job.rejects.rows > 0:
		return errRejects
	}
	return nil
}

// sink is the service, or the store itself.
func (c *importCmd) sink(ctx context.Context) (sink, func() error, error) {
	if c.Server != "" {
		service, err := remote{Server: c.Server, Key: c.Key}.dial()
		return remoteSink{service}, func() error { return nil }, err
	}
	store, err := sqlite.Open(ctx, c.Data)
	if err != nil {
		return nil, nil, err
	}
	return localSink{store}, store.Close, nil
}

func (j *importJob) summarize(w interface{ Write([]byte) (int, error) }) {
	took := time.Since(j.began)
	fmt.Fprintf(w, "%d recorded, %d already recorded, %d outcomes, %d refused in %s (%.0f rows/s)\n",
		j.recorded, j.already, j.outcomes, j.rejects.rows, took.Round(time.Millisecond), float64(j.rows)/took.Seconds())
	if j.rejects.rows > 0 {
		fmt.Fprintf(w, "refused rows and their reasons: %s\n", j.rejects.path)
	}
}
