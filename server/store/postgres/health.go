package postgres

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// A transaction that has a number of its own is written, and waited for.
	writeSQL = `SELECT pg_current_xact_id()::text`

	sizeSQL = `SELECT pg_database_size(current_database())`
)

// Check implements fraud.Health.
func (s *Store) Check(ctx context.Context) error { return s.health.Check(ctx) }

// Failures implements fraud.Health.
func (s *Store) Failures() uint64 { return s.health.Failures() }

func (s *Store) tryToWrite(ctx context.Context) error {
	return s.update(ctx, "see whether the store can be written", func(c *conn) error { return each(c, writeSQL, nil) })
}

// Size implements fraud.Health. How much room a database has left is not known.
func (s *Store) Size(ctx context.Context) (size fraud.StoreSize, err error) {
	err = s.view(ctx, "tell its size", func(c *conn) error {
		return each(c, sizeSQL, func(r *row) { size.Bytes = r.int() })
	})
	return size, err
}
