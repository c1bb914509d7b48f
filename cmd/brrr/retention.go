package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

type retentionCmd struct {
	Store  storeURL `help:"The store in Postgres: postgres://HOST/DATABASE." env:"BRRR_STORE"`
	Keep   lifetime `help:"How long to keep what was recorded, such as 400d: at least 31d. Months that ended longer ago are dropped whole." required:""`
	DryRun bool     `help:"Only show what would be dropped."`
}

// leastKept is so much that facts of the last week stay what they are.
const leastKept = 31 * 24 * time.Hour

// Run drops months that are no longer to be kept.
func (c *retentionCmd) Run(ctx context.Context, io streams) (err error) {
	switch {
	case c.Store == "":
		return usageError{errors.New("--store is needed: months are dropped from a store in Postgres; an embedded store keeps everything")}
	case time.Duration(c.Keep) < leastKept:
		return usageError{errors.New("--keep must be at least 31d")}
	}
	store, err := postgres.Open(ctx, string(c.Store))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	before, months := time.Now().Add(-time.Duration(c.Keep)), 0
	show := func(d postgres.Dropped) {
		months++
		fmt.Fprintf(io.out, "%s\t%d transactions\n", d.Month, d.Transactions)
	}
	if c.DryRun {
		all, err := store.MonthsBefore(ctx, before)
		for _, d := range all {
			show(d)
		}
		return err
	}
	if err := store.DropBefore(ctx, before, actor(), show); err != nil {
		return err
	}
	fmt.Fprintf(io.err, "%d months that ended before %s are dropped\n", months, before.UTC().Format(time.DateOnly))
	return nil
}
