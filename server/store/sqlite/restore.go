package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	engine "zombiezen.com/go/sqlite"
)

// Restored is what Restore did.
type Restored struct {
	Contents
	Aside string // where the store is that was there before; empty: there was none
}

// ErrOccupied tells that a folder has a store already.
var ErrOccupied = errors.New("holds a store already")

// Restore puts a backup into directory dir, made if need be. A store that is
// there is refused or, if told to replace it, kept aside. No server may run on
// dir, which callers see to. The backup is looked over before anything changes,
// and the folder has the old store or the new one at any moment.
func Restore(ctx context.Context, backup, dir string, replace bool) (Restored, error) {
	done, err := restore(ctx, backup, dir, replace)
	if err != nil {
		return Restored{}, fmt.Errorf("sqlite: restore %s to %s: %w", backup, dir, err)
	}
	return done, nil
}

func restore(ctx context.Context, backup, dir string, replace bool) (done Restored, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return done, err
	}
	path := filepath.Join(dir, fileName)
	switch _, err := os.Lstat(path); {
	case err == nil && !replace:
		return done, ErrOccupied
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return done, err
	}
	if log, err := os.Stat(backup + "-wal"); err == nil && log.Size() > 0 {
		return done, errors.New("a log is beside the file: brrr backup makes one that is whole by itself")
	}
	err = placeWhole(path, func(building string) (err error) {
		if err := copyFile(backup, building); err != nil {
			return err
		}
		if err := mustBeKnown(building); err != nil {
			return err
		}
		if done.Contents, err = seal(ctx, building); err != nil {
			return err
		}
		done.Aside, err = putAside(path)
		return err
	})
	return done, err
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// mustBeKnown fails unless the file has a store's schema, of a version that this
// program knows.
func mustBeKnown(path string) (err error) {
	c, err := openConn(path, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	has, err := schemaVersion(c.Conn)
	if err != nil {
		return fmt.Errorf("it is damaged, or no backup of a store: %w", err)
	}
	return knownVersion(has)
}

// putAside gives the store at path another name, too, under which it stays when
// a new one takes its place.
func putAside(path string) (aside string, err error) {
	aside = path + ".before-restore-" + time.Now().UTC().Format("20060102T150405.000Z")
	_, err = os.Lstat(path)
	none := errors.Is(err, os.ErrNotExist)
	if !none && codeOf(foldLog(path)).ToPrimary() == engine.ResultBusy {
		return "", errors.New("another process has the store open: end it first")
	}
	// A log that is left, by a store that is gone or cannot be opened, would be
	// taken by the new one for its own.
	if err := ifThere(os.Rename(path+"-wal", aside+"-wal")); err != nil {
		return "", err
	}
	if err := ifThere(os.Remove(path + "-shm")); err != nil || none {
		return "", err
	}
	return aside, os.Link(path, aside)
}

func ifThere(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// foldLog brings what is in the log into the file, so that it stands by itself.
// That cannot be done while anybody else has it open.
func foldLog(path string) (err error) {
	c, err := engine.OpenConn(path, engine.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.SetBusyTimeout(time.Second)
	var mode string
	err = each(c, "PRAGMA journal_mode = DELETE", nil, func(r *row) { mode = r.text() })
	if err == nil && mode != "delete" {
		err = fmt.Errorf("the log stays: %s", mode)
	}
	return err
}
