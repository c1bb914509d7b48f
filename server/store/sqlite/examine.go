package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	engine "zombiezen.com/go/sqlite"
)

// maxShown is how many of a check's faults are named; all are counted.
const maxShown = 10

// Check is one thing that was looked into, and what came of it.
type Check struct {
	Name   string
	Looked int64    // at how many rows
	Wrong  int64    // how many faults there are
	Shown  []string // the first of them
	Note   string   // what else there is to know, such as why it was left out
	Took   time.Duration
}

// Well reports whether nothing is wrong.
func (c *Check) Well() bool { return c.Wrong == 0 }

// wrong notes a fault.
func (c *Check) wrong(format string, args ...any) {
	c.Wrong++
	if len(c.Shown) < maxShown {
		c.Shown = append(c.Shown, fmt.Sprintf(format, args...))
	}
}

// check is a way to look into something.
type check struct {
	name string
	deep bool // it goes through all that was computed
	look func(c *engine.Conn, to *Check) error
}

// checks are all, the ones first that others build on.
var checks = append(append([]check{
	{"file structure", false, nil}, // quick or whole
	{"foreign keys", false, lookAtForeignKeys},
}, rowChecks()...),
	check{"facts", true, lookAtFacts},
	check{"summaries", true, lookAtSummaries},
)

// StoreFile is the file of the store in directory dir.
func StoreFile(dir string) string { return filepath.Join(dir, fileName) }

// Examine looks for faults in a store's file or a backup, and calls report with
// each check as it is done. It sees the file at one moment and writes nothing;
// others may write meanwhile. Quick leaves out what takes longest. The error
// tells why it could not be looked into at all.
func Examine(ctx context.Context, path string, quick bool, report func(Check)) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("sqlite: examine: %w", err)
	}
	opened, err := engine.OpenConn(path, engine.OpenReadOnly)
	if err != nil {
		return fmt.Errorf("sqlite: examine %s: %w", path, faultOf(err).Helped(err))
	}
	opened.SetBusyTimeout(patience)
	c := &conn{Conn: opened}
	c.arm()
	err = c.during(ctx, func(c *engine.Conn) error { return examine(ctx, c, quick, report) })
	if err = errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("sqlite: examine %s: %w", path, err)
	}
	return nil
}

func examine(ctx context.Context, c *engine.Conn, quick bool, report func(Check)) error {
	// The snapshot is that of the first read in it.
	if err := run(c, "BEGIN"); err != nil {
		return err
	}
	defer func() { _ = run(c, "ROLLBACK") }() // nothing was written
	schema := timed("schema", func(to *Check) error { return lookAtSchema(c, to) })
	report(schema)
	another := !schema.Well() || schema.Note != ""
	for _, one := range checks {
		done := Check{Name: one.name}
		switch {
		case one.look == nil:
			done = timed(one.name, func(to *Check) error { return lookAtStructure(c, quick, to) })
		case another:
			done.Note = "left out: the schema is another"
		case quick && one.deep:
			done.Note = "left out: quick"
		default:
			done = timed(one.name, func(to *Check) error { return one.look(c, to) })
		}
		if ctx.Err() != nil {
			return ctx.Err() // rather than what it led to
		}
		report(done)
	}
	return nil
}

// timed runs one check. That it could not be done is a fault, too: the file may
// be too damaged.
func timed(name string, look func(to *Check) error) Check {
	began, done := time.Now(), Check{Name: name}
	if err := look(&done); err != nil {
		done.wrong("cannot be looked into: %v", err)
	}
	done.Took = time.Since(began)
	return done
}

func lookAtSchema(c *engine.Conn, to *Check) error {
	version, err := schemaVersion(c)
	if err != nil {
		return err
	}
	to.Looked = 1
	if err := knownVersion(version); err != nil {
		to.wrong("%v", err)
	} else if newest := newestVersion(); version < newest {
		to.Note = fmt.Sprintf("version %d; brrr serve brings it up to version %d, and then more can be looked into", version, newest)
	}
	return nil
}

func lookAtStructure(c *engine.Conn, quick bool, to *Check) error {
	if err := each(c, "PRAGMA page_count", nil, func(r *row) { to.Looked = r.int() }); err != nil {
		return err
	}
	pragma := "PRAGMA integrity_check"
	if quick {
		pragma = "PRAGMA quick_check"
	}
	return each(c, pragma, nil, func(r *row) {
		for line := range strings.Lines(r.text()) {
			if line = strings.TrimSpace(line); line != "ok" && !strings.HasPrefix(line, "***") { // a heading
				to.wrong("%s", line)
			}
		}
	})
}

func lookAtForeignKeys(c *engine.Conn, to *Check) error {
	return each(c, "PRAGMA foreign_key_check", nil, func(r *row) {
		table, number, parent := r.text(), r.int(), r.text()
		to.wrong("row %d of %s is of no row of %s", number, table, parent)
	})
}
