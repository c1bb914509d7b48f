package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	engine "zombiezen.com/go/sqlite"
)

// A pragma holds on the connection that was told it alone.
func TestPragmasHoldOnEveryConnection(t *testing.T) {
	s := openStore(t)
	shared := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"temp_store": "2", "journal_size_limit": "67108864", "cache_size": "-8192"}
	for _, pool := range []struct {
		name string
		*pool
		own map[string]string
	}{
		{"write", s.write, map[string]string{"query_only": "0", "busy_timeout": "100"}},
		{"read", s.read, map[string]string{"query_only": "1", "busy_timeout": "10000"}},
	} {
		var eachOf func(left int) error
		eachOf = func(left int) error { // held, so that the next is another
			if left == 0 {
				return nil
			}
			return pool.with(t.Context(), func(c *engine.Conn) error {
				for _, pragmas := range []map[string]string{shared, pool.own} {
					for pragma, want := range pragmas {
						if got := valueOf(t, c, "PRAGMA "+pragma); got != want {
							t.Errorf("%s connection: %s is %s, want %s", pool.name, pragma, got, want)
						}
					}
				}
				return eachOf(left - 1)
			})
		}
		if err := eachOf(cap(pool.lent)); err != nil {
			t.Fatal(err)
		}
	}
}

func valueOf(t *testing.T, c *engine.Conn, sql string) (value string) {
	t.Helper()
	if err := each(c, sql, nil, func(r *row) { value = r.text() }); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestReadersCannotWrite(t *testing.T) {
	s := openStore(t)
	if err := s.view(t.Context(), "test", func(c *engine.Conn) error { return run(c, "DELETE FROM keys") }); err == nil {
		t.Error("no error")
	}
}

// A call that took the file's lock only to write would have to fail if another
// process had written since it read.
func TestTransactionsLockFirst(t *testing.T) {
	dir := t.TempDir()
	err := openIn(t, dir).update(t.Context(), "test", func(*engine.Conn) error {
		impatient, err := engine.OpenConn(filepath.Join(dir, fileName), engine.OpenReadWrite)
		if err != nil {
			return err
		}
		defer impatient.Close()
		impatient.SetBusyTimeout(0)
		if err := run(impatient, "UPDATE keys SET name = ''"); err == nil || !strings.Contains(err.Error(), "locked") {
			t.Errorf("got %v, want that the database is locked", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCallersQueueInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		const callers = 20
		release := make(chan struct{})
		var order []int
		go s.update(t.Context(), "hold", func(*engine.Conn) error { <-release; return nil })
		synctest.Wait()
		for n := range callers {
			go s.update(t.Context(), "queue", func(*engine.Conn) error { order = append(order, n); return nil })
			synctest.Wait()
		}
		close(release)
		synctest.Wait()
		for place, n := range order {
			if place != n {
				t.Fatalf("the order is %v", order)
			}
		}
		if len(order) != callers {
			t.Errorf("%d of %d had their turn", len(order), callers)
		}
	})
}

func TestWhoWaitsLeavesWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		err := s.update(t.Context(), "hold", func(*engine.Conn) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			return s.update(ctx, "wait", func(*engine.Conn) error { return errors.New("it had a turn") })
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

func TestAContextInterruptsWhatRuns(t *testing.T) {
	s := openStore(t)
	for name, call := range map[string]func(context.Context, string, func(*engine.Conn) error) error{"view": s.view, "update": s.update} {
		ctx, cancel := context.WithCancel(t.Context())
		err := call(ctx, "run", func(c *engine.Conn) error {
			cancel()
			return each(c, endless, nil, func(*row) {})
		})
		if want := "sqlite: run: context canceled"; fmt.Sprint(err) != want || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// Whatever ends a call, the connection is as it was, and nothing of the call is
// there.
func TestConnectionsComeBackWhole(t *testing.T) {
	s := openStore(t)
	broken := errors.New("broken")
	const insert = "INSERT INTO accounts VALUES (1, 'left', 0, 0, 0)"
	for name, end := range map[string]func(c *engine.Conn, cancel func()) error{
		"an error": func(*engine.Conn, func()) error { return broken },
		"a panic":  func(*engine.Conn, func()) error { panic(broken) },
		"a panic in a row": func(c *engine.Conn, _ func()) error {
			return each(c, "SELECT 1 UNION ALL SELECT 2", nil, func(*row) { panic(broken) })
		},
		"a statement that fails": func(c *engine.Conn, _ func()) error { return run(c, insert) },
		"a commit that fails":    func(c *engine.Conn, cancel func()) error { cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			func() {
				defer func() { _ = recover() }()
				err := s.update(ctx, "test", func(c *engine.Conn) error {
					if err := run(c, insert); err != nil {
						t.Fatal(err)
					}
					return end(c, cancel)
				})
				if err == nil {
					t.Error("no error")
				}
			}()
			err := s.update(t.Context(), "test", func(c *engine.Conn) error {
				if n := valueOf(t, c, "SELECT count(*) FROM accounts"); n != "0" {
					t.Errorf("%s rows are left", n)
				}
				if open := c.CheckReset(); open != "" {
					t.Errorf("%q is not reset", open)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	err := s.update(t.Context(), "test", func(c *engine.Conn) error {
		return run(c, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint("its schema has version 99 and this program knows versions up to ", newestVersion())) {
		t.Errorf("got %v", err)
	}
}

func TestChunksAddUp(t *testing.T) {
	s := openStore(t)
	seq := 0
	for _, n := range []int{0, 1, 2, 3, 4, 5, 31, 32, 33, 35, 36, 37, 64, 69, 101} {
		err := s.update(t.Context(), "test", func(c *engine.Conn) error {
			inserted, err := saveAccounts.insert(c, n, func(p *params, i int) {
				p.int(int64(seq + i + 1))
				p.text(fmt.Sprint(seq + i + 1))
				p.int(0)
				p.int(1)
				p.int(0)
			})
			if inserted != int64(n) {
				t.Errorf("%d of %d rows inserted", inserted, n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		seq += n
	}
	err := s.view(t.Context(), "test", func(c *engine.Conn) error {
		if count := valueOf(t, c, "SELECT count(*) FROM accounts"); count != fmt.Sprint(seq) {
			t.Errorf("%s of %d rows are there", count, seq)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func openStore(t *testing.T) *Store {
	t.Helper()
	return openIn(t, t.TempDir())
}

func openIn(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
