package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // to read a store as it is

	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

type migrateCmd struct {
	Store storeURL `help:"The store in Postgres: postgres://HOST/DATABASE." env:"BRRR_STORE"`
	From  string   `help:"Folder of an embedded store, on which no server runs: all that is in it is moved to --store, which is empty, and compared. What is broken off goes on where it was." type:"path" placeholder:"FOLDER"`
}

// Run gives a database the tables that this program needs. An embedded store gets
// them when it is opened.
func (c *migrateCmd) Run(ctx context.Context, io streams) error {
	if c.Store == "" {
		return usageError{errors.New("--store is needed: an embedded store is migrated when it is opened")}
	}
	if c.From != "" {
		return c.move(ctx, io)
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

func (c *migrateCmd) move(ctx context.Context, io streams) (err error) {
	if _, err := os.Stat(sqlite.StoreFile(c.From)); err != nil {
		return fmt.Errorf("--from: there is no store in %s: %w", c.From, err)
	}
	lock, err := lockData(c.From, "migrate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := c.prepare(ctx); err != nil {
		return err
	}
	from, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(sqlite.StoreFile(c.From)), RawQuery: "mode=ro"}).String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	began, shown, rows := time.Now(), time.Time{}, int64(0)
	err = postgres.Move(ctx, string(c.Store), c.From, from, func(m postgres.Moved) {
		doing := "moved"
		if m.Comparing {
			doing = "compared"
		}
		if m.Comparing && m.Rows == m.Goal {
			rows += m.Goal
		}
		if m.Rows == m.Goal || time.Since(shown) > lineEvery {
			shown = time.Now()
			fmt.Fprintf(io.err, "%s: %d of %d %s\n", m.Part, m.Rows, m.Goal, doing)
		}
	})
	if err != nil {
		return fmt.Errorf("%w\nNothing in %s has changed; the same command goes on where this one was", err, c.From)
	}
	fmt.Fprintf(io.err, "%s has all that %s has: %d rows, each compared, in %s. Serve it: brrr serve --store …\n",
		c.Store, c.From, rows, time.Since(began).Round(time.Second/10))
	return nil
}

// prepare brings the embedded store up to date, and tells what is wrong with it.
func (c *migrateCmd) prepare(ctx context.Context) error {
	store, err := sqlite.Open(ctx, c.From)
	if err != nil {
		return err
	}
	return store.Close()
}
