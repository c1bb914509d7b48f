// Package postgres keeps everything in a Postgres database. Any number of gateways
// may use one at the same time, so nothing of it is held in memory.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/health"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	// maxReaders is enough for the lists that people ask for, on machines of any size.
	maxReaders = 8
	// batchConnections are for what batches look up and record: one looks up while
	// another commits, and calls of many rows record beside them.
	batchConnections = 6
)

var errClosed = errors.New("the store is closed")

var (
	_ fraud.Store     = (*Store)(nil)
	_ fraud.Announcer = (*Store)(nil)
	_ fraud.Uses      = (*Store)(nil)
)

// Store is a fraud.Store in a Postgres database.
type Store struct {
	// Batches have connections of their own: a call about one transaction waits for
	// no list.
	batches, read pool
	folding       *reckon.Folding
	health        *health.Health
	months        *months
	bell          *bell

	underWay sync.RWMutex // held for reading by each call
	closed   bool
}

// Open opens the store in the database at url (postgres://…, or any form that
// libpq reads). It refuses one whose schema is not the one it knows, as Migrate
// leaves it.
func Open(ctx context.Context, url string) (*Store, error) {
	s, err := open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", faultOf(err).Helped(err))
	}
	return s, nil
}

func open(ctx context.Context, url string) (*Store, error) {
	batches, err := openPool(ctx, url, batchConnections)
	if err != nil {
		return nil, err
	}
	read, err := openPool(ctx, url, min(max(2, int32(runtime.GOMAXPROCS(0))), maxReaders)+1) // one for folding, which so keeps nobody waiting
	if err != nil {
		batches.Close()
		return nil, err
	}
	s := &Store{batches: batches, read: read}
	s.folding, s.health = reckon.NewFolding(s.foldStep), health.New(faultOf, s.tryToWrite)
	s.months, s.bell = newMonths(s), newBell()
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// begin sees that the database is one of ours, and goes on with what another
// gateway left undone.
func (s *Store) begin(ctx context.Context) error {
	if err := s.view(ctx, "see the schema's version", checkVersion); err != nil {
		return err
	}
	if err := s.months.prepare(ctx); err != nil {
		return err
	}
	return s.resumeFolding(ctx)
}

// Close waits for calls under way and releases the connections.
func (s *Store) Close() error {
	s.months.end()
	s.bell.end()
	s.folding.End()
	s.underWay.Lock()
	defer s.underWay.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.batches.Close()
	s.read.Close()
	return nil
}

// update runs do, which writes, in one transaction that do itself commits with
// its last statements. A connection that breaks, or others in its way, have it run
// again: do adds nothing a second time, should it have taken effect before.
func (s *Store) update(ctx context.Context, what string, do func(c *conn) error) error {
	return s.write(ctx, what, isPassing, do)
}

// updateOnce is update for what would be added twice. Should the connection break
// at its end, the error may tell of what did take effect.
func (s *Store) updateOnce(ctx context.Context, what string, do func(c *conn) error) error {
	return s.write(ctx, what, isUndone, do)
}

func (s *Store) write(ctx context.Context, what string, again func(err error) bool, do func(c *conn) error) error {
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return s.call(ctx, patient, what, s.batches, again, func(c *conn) error {
		if err := do(c); err != nil {
			return err
		}
		s.health.Wrote()
		return nil
	})
}

// view runs do, which only reads, until ctx ends: if it has no end then for a while,
// or a server that is gone without a word would never be given up.
func (s *Store) view(ctx context.Context, what string, do func(c *conn) error) error {
	during := ctx
	if _, ends := ctx.Deadline(); !ends {
		patient, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		during = patient
	}
	return s.call(ctx, during, what, s.read, isPassing, do)
}

// survey is view for what may take longer.
func (s *Store) survey(ctx context.Context, what string, do func(c *conn) error) error {
	return s.call(ctx, ctx, what, s.read, isPassing, do)
}

// snapshot runs do, which only reads, and sees all of it at one moment.
func (s *Store) snapshot(ctx context.Context, what string, do func(c *conn) error) error {
	return s.view(ctx, what, func(c *conn) error {
		tx, err := c.BeginTx(c.ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		if err := do(c); err != nil {
			return errors.Join(err, tx.Rollback(c.ctx))
		}
		return tx.Commit(c.ctx)
	})
}

// attempts are how often a call is tried that a fault of the moment ends: a
// connection that broke while it was idle is only known by trying it.
const attempts = 3

// call keeps the store open while do runs, again where again says so, and says what
// failed. What runs is broken off when during ends.
func (s *Store) call(ctx, during context.Context, what string, p pool, again func(err error) bool, do func(c *conn) error) error {
	s.underWay.RLock()
	defer s.underWay.RUnlock()
	err := errClosed
	for range attempts {
		if s.closed {
			break
		}
		if err = p.with(ctx, during, do); err == nil {
			return nil
		}
		if isBroken(err) || during.Err() != nil && ctx.Err() == nil {
			p.Reset() // those that are idle broke, or lead nowhere, with it
		}
		if ctx.Err() != nil || during.Err() != nil || !again(err) {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err() // rather than what it led to
	case during.Err() != nil:
		err = errSilent
	}
	return fmt.Errorf("postgres: %s: %w", what, s.health.FailedCall(err))
}
