package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

type migrateCmd struct {
	Store storeURL `help:"The store in Postgres: postgres://HOST/DATABASE." env:"BRRR_STORE"`
}

// Run gives a database the tables that this program needs. An embedded store gets
// them when it is opened.
func (c *migrateCmd) Run(ctx context.Context, io streams) error {
	if c.Store == "" {
		return usageError{errors.New("--store is needed: an embedded store is migrated when it is opened")}
	}
	from, to, err := postgres.Migrate(ctx, string(c.Store))
	if err != nil {
		return err
	}
	if from == to {
		fmt.Fprintf(io.err, "%s has version %d of the schema already\n", c.Store, to)
		return nil
	}
	fmt.Fprintf(io.err, "%s went from version %d to %d of the schema\n", c.Store, from, to)
	return nil
}
