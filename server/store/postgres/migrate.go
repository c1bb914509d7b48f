package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema of the database at url up to date, and returns which
// version it had (0: none) and has. Several processes may do so at once. It
// refuses a schema that a newer program has made.
func Migrate(ctx context.Context, url string) (from, to int64, err error) {
	from, to, err = migrate(ctx, url)
	if err != nil {
		return from, from, fmt.Errorf("postgres: migrate: %w", faultOf(err).Helped(err))
	}
	return from, to, nil
}

func migrate(ctx context.Context, url string) (from, to int64, err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, 0, concealed(err)
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := newProvider(db)
	if err != nil {
		return 0, 0, err
	}
	if from, to, err = provider.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if from > to {
		return from, from, newer(from, to)
	}
	if _, err := provider.Up(ctx); err != nil {
		return from, from, fmt.Errorf("bring the schema from version %d to %d: %w", from, to, err)
	}
	return from, to, addMonths(ctx, url)
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	one, err := lock.NewPostgresSessionLocker() // one process at a time
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(one))
}

const versionSQL = `SELECT coalesce(max(version_id), 0)::bigint FROM goose_db_version WHERE is_applied`

const unfinishedSQL = `SELECT source FROM moves WHERE finished_at IS NULL`

// undefinedTable is Postgres' code of a table that is not there.
const undefinedTable = "42P01"

// checkVersion refuses a schema that is not the one this program knows.
func checkVersion(c *conn) error {
	var version int64
	err := each(c, versionSQL, func(r *row) { version = r.int() })
	if told := (*pgconn.PgError)(nil); errors.As(err, &told) && told.Code == undefinedTable {
		return errors.New("the database is empty: run brrr migrate --store with the same URL")
	}
	if err != nil {
		return err
	}
	switch known := newestVersion(); {
	case version > known:
		return newer(version, known)
	case version < known:
		return fmt.Errorf("its schema has version %d and this program needs version %d: run brrr migrate --store with the same URL", version, known)
	}
	var source string
	if err := each(c, unfinishedSQL, func(r *row) { source = r.text() }); err != nil || source == "" {
		return err
	}
	return fmt.Errorf("a move of %s into it is not finished: run brrr migrate --store with the same URL --from %s", source, source)
}

func newer(version, known int64) error {
	return fmt.Errorf("its schema has version %d and this program knows versions up to %d: use a newer brrr", version, known)
}

// newestVersion is the one that this program makes of every schema: files are
// numbered from 1 on.
func newestVersion() int64 {
	files, _ := fs.Glob(migrations, "migrations/*.sql") // the pattern is well-formed
	return int64(len(files))
}
