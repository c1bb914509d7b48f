package main

import (
	"context"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/bench/data"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

// postgresSettings are what is commonly told to a server with some memory. What is
// acknowledged is on the disk, as it is by default.
var postgresSettings = []string{"shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "wal_compression=on"}

// measureStores runs our service with its record in a file and in Postgres, turn and
// turn about. Postgres has the same two processors.
func (b *bench) measureStores(ctx context.Context) error {
	if !b.wantedAny(b.storeCells(1)) {
		return nil
	}
	server, end, err := pgtest.Run(b.cache, postgresSettings...)
	if err != nil {
		return err
	}
	defer func() {
		b.set.StopAll() // who uses it, first
		_ = end()       // nothing depends on how it ends
	}()
	if err := b.fillPostgres(ctx, server); err != nil {
		return err
	}
	file, base := b.newGateway(b.pristine, "local"), b.newGateway(b.pristine, "local")
	base.place = func(context.Context) ([]string, error) { return freshDatabase(server) }
	if err := b.compareUs(ctx, result.OnPostgres, base, allWays()); err != nil {
		return err
	}
	for round := range b.Rounds {
		for _, c := range b.storeCells(round + 1) {
			t := target{gateway: file}
			if c.System == result.OnPostgres {
				t.gateway = base
			}
			rate, offered := drawRate(c.Callers), b.get(c.Protocol, c.Callers)
			if c.Call == result.Assess {
				rate, offered = 0, b.assess(c.Callers)
			}
			if err := b.time(ctx, c, t, b.span(), rate, offered); err != nil {
				return err
			}
		}
	}
	return nil
}

// storeCells are those of one round.
func (b *bench) storeCells(round int) (cells []result.Cell) {
	for _, call := range []string{result.Get, result.Assess} {
		for _, n := range callers {
			for _, system := range []string{result.Us, result.OnPostgres} {
				cells = append(cells, result.Cell{Suite: "stores", System: system, Call: call, Protocol: result.ConnectJSON,
					Callers: n, Round: round, Recorded: b.Recorded})
			}
		}
	}
	return cells
}

const pristineDatabase, workDatabase = "pristine", "work"

// fillPostgres makes the database that is only ever copied.
func (b *bench) fillPostgres(ctx context.Context, server *pgtest.Server) error {
	if _, err := server.Do("postgres", "CREATE DATABASE "+pristineDatabase); err != nil {
		return err
	}
	url := server.URL(pristineDatabase)
	if _, _, err := postgres.Migrate(ctx, url); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	if err := data.Fill(ctx, store, b.Recorded, say); err != nil {
		return fmt.Errorf("fill a database: %w", err)
	}
	if err := store.Close(); err != nil {
		return err
	}
	_, err = server.Do(pristineDatabase, "VACUUM ANALYZE")
	return err
}

// freshDatabase is a copy of it, which is on the disk.
func freshDatabase(server *pgtest.Server) ([]string, error) {
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + workDatabase + " WITH (FORCE)",
		"CREATE DATABASE " + workDatabase + " TEMPLATE " + pristineDatabase + " STRATEGY FILE_COPY", "CHECKPOINT"} {
		if _, err := server.Do("postgres", statement); err != nil {
			return nil, err
		}
	}
	return []string{"--store", server.URL(workDatabase)}, nil
}
