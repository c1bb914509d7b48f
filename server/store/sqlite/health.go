package sqlite

import (
	"context"
	"fmt"

	engine "zombiezen.com/go/sqlite"
)

// Check implements fraud.Health.
func (s *Store) Check(ctx context.Context) error { return s.health.Check(ctx) }

// Failures implements fraud.Health.
func (s *Store) Failures() uint64 { return s.health.Failures() }

func (s *Store) tryToWrite(ctx context.Context) error {
	return s.update(ctx, "see whether the store can be written", rewriteHeader)
}

// rewriteHeader writes a page that says what it said before: the user version is
// anybody's, and SQLite writes it without a look at what it was.
func rewriteHeader(c *engine.Conn) error {
	var version int64
	if err := each(c, "PRAGMA user_version", nil, func(r *row) { version = r.int() }); err != nil {
		return err
	}
	return run(c, fmt.Sprintf("PRAGMA user_version = %d", version))
}
