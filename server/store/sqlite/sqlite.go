// Package sqlite keeps everything in one SQLite file. Other processes may read
// and write the same file at the same time, so nothing of it is held in memory.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	_ "modernc.org/sqlite" // the driver, in Go alone

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const fileName = "brrr.db"

var errClosed = errors.New("the store is closed")

var _ fraud.Store = (*Store)(nil)

// Store is a fraud.Store in a SQLite file.
type Store struct {
	// SQLite has one writer at a time. One connection makes writers of this
	// process queue fairly here, not poll for the file's lock.
	write, read *sql.DB
	statements

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
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string) (_ *Store, err error) {
	s := &Store{}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	if s.write, err = openPool(path, 1, writerOptions); err != nil {
		return nil, err
	}
	if s.read, err = openPool(path, max(2, runtime.GOMAXPROCS(0)), readerOptions); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.write); err != nil {
		return nil, err
	}
	return s, s.prepare(ctx)
}

// Pragmas stand in the DSN so that they hold on every connection of a pool.
var (
	options = url.Values{"_pragma": {
		"busy_timeout(10000)", // first: the others may have to wait, too
		"journal_mode(WAL)",
		"synchronous(FULL)", // durable before answered
		"foreign_keys(ON)",
		"temp_store(MEMORY)",
		"journal_size_limit(67108864)",
	}}
	writerOptions = with(options, "cache_size(-65536)", url.Values{"_txlock": {"immediate"}})
	readerOptions = with(options, "cache_size(-16384)", url.Values{"_pragma": {"query_only(ON)"}})
)

func with(base url.Values, pragma string, more url.Values) url.Values {
	all := url.Values{"_pragma": append(append([]string{}, base["_pragma"]...), pragma)}
	for key, values := range more {
		all[key] = append(all[key], values...)
	}
	return all
}

func openPool(path string, connections int, options url.Values) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
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
	s.underWay.Lock()
	defer s.underWay.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// update runs do in one transaction, of which all takes effect or, after an
// error, nothing.
func (s *Store) update(ctx context.Context, what string, do func(tx *sql.Tx) error) error {
	return s.call(ctx, what, func() error {
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			_ = tx.Rollback() // err says what went wrong
			return err
		}
		return tx.Commit()
	})
}

// call keeps the store open while do runs, and says what failed.
func (s *Store) call(ctx context.Context, what string, do func() error) error {
	s.underWay.RLock()
	defer s.underWay.RUnlock()
	err := errClosed
	if !s.closed {
		err = do()
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // rather than what it led to
	}
	if err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, err)
	}
	return nil
}
