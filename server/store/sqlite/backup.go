package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	engine "zombiezen.com/go/sqlite"
)

// backupPages are copied before the context is looked at again: 4 MB.
const backupPages = 1024

// Contents are what a store or a backup of it holds.
type Contents struct {
	Transactions, Assessments, Outcomes, Keys int64
	Bytes                                     int64 // of the file
}

const contentsSQL = `SELECT (SELECT count(*) FROM transactions), (SELECT count(*) FROM assessments),
	(SELECT count(*) FROM outcomes), (SELECT count(*) FROM keys)`

// Backup copies the store in directory dir, as it is at one moment, into one
// file. Others may read and write the store meanwhile. The file is there whole
// and durably, or not at all; one that is there already is replaced if told so.
func Backup(ctx context.Context, dir, to string, replace bool) (Contents, error) {
	from := filepath.Join(dir, fileName)
	if err := checkTarget(from, to, replace); err != nil {
		return Contents{}, fmt.Errorf("sqlite: back up: %w", err)
	}
	var held Contents
	err := placeWhole(to, func(building string) (err error) {
		if err := copyPages(ctx, from, building); err != nil {
			return err
		}
		held, err = seal(ctx, building)
		return err
	})
	if err != nil {
		return Contents{}, fmt.Errorf("sqlite: back up %s to %s: %w", from, to, faultOf(err).Helped(err))
	}
	return held, nil
}

// checkTarget refuses to write over what is not to be.
func checkTarget(from, to string, replace bool) error {
	store, err := os.Stat(from)
	if err != nil {
		return err
	}
	target, err := os.Stat(to)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case os.SameFile(store, target):
		return fmt.Errorf("%s: is the store itself", to)
	case !target.Mode().IsRegular():
		return fmt.Errorf("%s: is there, and not a file", to)
	case !replace:
		return fmt.Errorf("%s: %w", to, os.ErrExist)
	}
	return nil
}

// copyPages copies a database in one read transaction, which keeps writers from
// nothing: they only write on in the log until it ends.
func copyPages(ctx context.Context, from, to string) (err error) {
	source, err := openConn(from, readerPragmas)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := engine.OpenConn(to, engine.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	// The snapshot is taken by the first read, and the copy goes on in it.
	if err := run(source.Conn, "BEGIN"); err != nil {
		return err
	}
	if err := each(source.Conn, "SELECT count(*) FROM sqlite_schema", nil, func(*row) {}); err != nil {
		return err
	}
	backup, err := engine.NewBackup(target, "main", source.Conn, "main")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backup.Close()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = backup.Step(backupPages); err != nil {
			return err
		}
	}
	return nil
}

// seal makes a copy be one file without a log beside it, and looks it over.
func seal(ctx context.Context, path string) (held Contents, err error) {
	c, err := openConn(path, []string{"journal_mode(DELETE)", "synchronous(FULL)"})
	if err != nil {
		return held, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	err = c.during(ctx, func(c *engine.Conn) error {
		if err := mustBeSound(c); err != nil {
			return err
		}
		held, err = contentsOf(c)
		return err
	})
	if err != nil {
		return held, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return held, err
	}
	held.Bytes = info.Size()
	return held, nil
}

// mustBeSound fails if the structure of the file is damaged.
func mustBeSound(c *engine.Conn) error {
	var wrong string
	err := each(c, "PRAGMA quick_check(1)", nil, func(r *row) { wrong = r.text() })
	if err == nil && wrong != "ok" {
		err = fmt.Errorf("it is damaged (brrr doctor tells more): %s", wrong)
	}
	return err
}

func contentsOf(c *engine.Conn) (held Contents, err error) {
	err = each(c, contentsSQL, nil, func(r *row) {
		held = Contents{Transactions: r.int(), Assessments: r.int(), Outcomes: r.int(), Keys: r.int()}
	})
	return held, err
}

// placeWhole has build fill a new file for its owner alone, and puts it, once it
// is durable, in the place of path.
func placeWhole(path string, build func(building string) error) (err error) {
	building := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-"+rand.Text())
	file, err := os.OpenFile(building, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			for _, of := range []string{"", "-wal", "-shm", "-journal"} {
				_ = os.Remove(building + of) // err says what went wrong
			}
		}
	}()
	// After the engine's last close: to close a file gives up its locks on it.
	err = build(building)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(building, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
