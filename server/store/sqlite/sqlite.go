// Package sqlite keeps everything in one SQLite file. Other processes may read
// and write the same file at the same time, so nothing of it is held in memory.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/health"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const fileName = "brrr.db"

// maxReaders is enough for the lists that people ask for, on machines of any size.
const maxReaders = 8

// lookUpConnections are one for each of the two batches under way.
const lookUpConnections = 2

var errClosed = errors.New("the store is closed")

var _ fraud.Store = (*Store)(nil)

// Store is a fraud.Store in a SQLite file.
type Store struct {
	path string // of the file
	// SQLite has one writer at a time. One connection makes writers of this
	// process queue fairly here, not poll for the file's lock.
	write, read *pool
	// Look-ups have connections of their own: a call about one transaction waits for
	// no list.
	lookUps *pool
	folding *reckon.Folding
	health  *health.Health
	inVain  time.Duration // how long nobody got the file's lock; of who holds write's connection

	underWay sync.RWMutex // held for reading by each call
	closed   bool
}

// Open opens the store in directory dir, made if need be, and brings its schema
// up to date. It refuses a file that a newer version has written to.
func Open(ctx context.Context, dir string) (*Store, error) {
	path, err := prepareFile(dir)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, faultOf(err).Helped(err))
	}
	return s, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	if err := migrate(ctx, path); err != nil {
		return nil, err
	}
	write, err := openPool(path, 1, writerPragmas)
	if err != nil {
		return nil, err
	}
	readers := min(max(2, runtime.GOMAXPROCS(0)), maxReaders) + 1 // one for folding, which so keeps nobody waiting
	read, err := openPool(path, readers, readerPragmas)
	if err != nil {
		_ = write.close() // err says what went wrong
		return nil, err
	}
	lookUps, err := openPool(path, lookUpConnections, readerPragmas)
	if err != nil {
		return nil, errors.Join(err, read.close(), write.close())
	}
	s := &Store{path: path, write: write, read: read, lookUps: lookUps}
	s.folding, s.health = reckon.NewFolding(s.foldStep), health.New(faultOf, s.tryToWrite)
	if err := s.resumeFolding(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepareFile sees to it that the directory and the file are there, for their
// owner alone. SQLite gives the files beside it the same mode.
func prepareFile(dir string) (path string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, fileName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, file.Close()
}

// Close waits for calls under way and releases the file.
func (s *Store) Close() error {
	s.folding.End()
	s.underWay.Lock()
	defer s.underWay.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(s.lookUps.close(), s.read.close(), s.write.close())
}

// update runs do in one transaction, of which all takes effect or, after an
// error, nothing. It takes the file's lock first: one that had read before would
// have to fail if another process had written since.
func (s *Store) update(ctx context.Context, what string, do func(c *engine.Conn) error) error {
	return s.call(ctx, what, s.write, func(c *engine.Conn) error {
		if err := s.begin(ctx, c); err != nil {
			return err
		}
		if err := do(c); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := run(c, "COMMIT"); err != nil {
			return err
		}
		s.health.Wrote()
		return nil
	})
}

// begin takes the file's lock, and waits for it a moment at a time: SQLite does
// not see meanwhile that the caller has gone. Callers may all go before patience
// ends, so that what they waited in vain is added up.
func (s *Store) begin(ctx context.Context, c *engine.Conn) error {
	for waited := moment; ; waited += moment {
		err := run(c, "BEGIN IMMEDIATE")
		if codeOf(err).ToPrimary() != engine.ResultBusy {
			s.inVain = 0
			return err
		}
		if s.inVain += moment; s.inVain >= suspicious {
			s.health.Failed(err)
		}
		if ctx.Err() != nil || waited >= patience {
			return err
		}
	}
}

// view runs do, which only reads.
func (s *Store) view(ctx context.Context, what string, do func(c *engine.Conn) error) error {
	return s.call(ctx, what, s.read, do)
}

// snapshot runs do, which only reads, and sees all of it at one moment.
func (s *Store) snapshot(ctx context.Context, what string, do func(c *engine.Conn) error) error {
	return s.view(ctx, what, func(c *engine.Conn) error {
		if err := run(c, "BEGIN"); err != nil {
			return err
		}
		if err := do(c); err != nil {
			return err
		}
		return run(c, "COMMIT")
	})
}

// call keeps the store open while do runs, and says what failed.
func (s *Store) call(ctx context.Context, what string, p *pool, do func(c *engine.Conn) error) error {
	s.underWay.RLock()
	defer s.underWay.RUnlock()
	err := errClosed
	if !s.closed {
		err = p.with(ctx, do)
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err() // rather than what it led to
	}
	return fmt.Errorf("sqlite: %s: %w", what, s.health.FailedCall(err))
}
