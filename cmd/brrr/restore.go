package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

type restoreCmd struct {
	oneStore
	File  string `arg:"" help:"What brrr backup made." type:"existingfile"`
	Force bool   `help:"Take the place of a store that is there. It is kept aside, under another name."`
}

// Run puts a backup in place while no server runs on the folder.
func (c *restoreCmd) Run(ctx context.Context, io streams) (err error) {
	if err := c.embedded("pg_restore puts back what pg_dump made, and Postgres' own archive any moment"); err != nil {
		return err
	}
	lock, err := lockData(c.Data, "restore")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	done, err := sqlite.Restore(ctx, c.File, c.Data, c.Force)
	if errors.Is(err, sqlite.ErrOccupied) {
		return fmt.Errorf("%s holds a store already: give --data another folder, or --force to keep that one aside", c.Data)
	}
	if err != nil {
		return err
	}
	if err := recordAct(ctx, c.storeFlags, fraud.ActStoreRestored, c.File); err != nil {
		return err
	}
	fmt.Fprintf(io.err, "%s holds %s\n", c.Data, showContents(done.Contents))
	if done.Aside != "" {
		fmt.Fprintf(io.err, "What was there before is %s\n", done.Aside)
	}
	return nil
}
