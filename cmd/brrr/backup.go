package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

type backupCmd struct {
	oneStore
	File  string `arg:"" help:"Where the backup goes: one file." type:"path"`
	Force bool   `help:"Replace FILE if it is there."`
}

// Run copies the store as it is at one moment. A server may go on meanwhile.
func (c *backupCmd) Run(ctx context.Context, io streams) error {
	if err := c.embedded("pg_dump copies that, and Postgres' own archive brings it back to any moment"); err != nil {
		return err
	}
	began := time.Now()
	held, err := sqlite.Backup(ctx, c.Data, c.File, c.Force)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: give another name, or --force to replace it", c.File)
	}
	if err != nil {
		return err
	}
	if err := recordAct(ctx, c.storeFlags, fraud.ActStoreBackedUp, c.File); err != nil {
		fmt.Fprintf(io.err, "The audit log does not tell of it: %v\n", err) // the copy is whole: it may be what saves the rest
	}
	fmt.Fprintf(io.err, "%s holds %s: %s, in %s\n", c.File, showContents(held), showBytes(held.Bytes), time.Since(began).Round(time.Millisecond))
	return nil
}

func showContents(c sqlite.Contents) string {
	return fmt.Sprintf("%d transactions, %d assessments, %d outcomes and %d keys", c.Transactions, c.Assessments, c.Outcomes, c.Keys)
}

func showBytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
