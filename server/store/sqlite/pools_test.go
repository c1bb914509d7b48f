package sqlite

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// A pragma that is not in the DSN would hold on one connection of several.
func TestPragmasHoldOnEveryConnection(t *testing.T) {
	s := openStore(t)
	shared := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"busy_timeout": "10000", "temp_store": "2", "journal_size_limit": "67108864"}
	for _, pool := range []struct {
		name string
		db   *sql.DB
		own  map[string]string
	}{
		{"write", s.write, map[string]string{"query_only": "0", "cache_size": "-65536"}},
		{"read", s.read, map[string]string{"query_only": "1", "cache_size": "-16384"}},
	} {
		for n := range pool.db.Stats().MaxOpenConnections {
			conn, err := pool.db.Conn(t.Context()) // held, so that the next is another
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, pragmas := range []map[string]string{shared, pool.own} {
				for pragma, want := range pragmas {
					if got := pragmaOf(t, conn, pragma); got != want {
						t.Errorf("%s connection %d: %s is %s, want %s", pool.name, n, pragma, got, want)
					}
				}
			}
		}
	}
}

func pragmaOf(t *testing.T, conn *sql.Conn, pragma string) (value string) {
	t.Helper()
	if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestReadersCannotWrite(t *testing.T) {
	s := openStore(t)
	if _, err := s.read.Exec("DELETE FROM keys"); err == nil {
		t.Error("no error")
	}
}

// A call that took the file's lock only to write would have to fail if another
// process had written since it read.
func TestTransactionsLockFirst(t *testing.T) {
	dir := t.TempDir()
	tx, err := openIn(t, dir).write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	impatient, err := openPool(filepath.Join(dir, fileName), 1, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	if _, err := impatient.Exec("UPDATE keys SET name = ''"); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %v, want that the database is locked", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	if _, err := s.write.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "its schema has version 99 and this program knows versions up to 1") {
		t.Errorf("got %v", err)
	}
}

func TestChunksAddUp(t *testing.T) {
	s := openStore(t)
	seq := 0
	for _, n := range []int{0, 1, 2, 3, 4, 5, 31, 32, 33, 35, 36, 37, 64, 69, 101} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			err := s.update(t.Context(), "test", func(tx *sql.Tx) error {
				var values []any
				for range n {
					seq++
					values = append(values, seq, fmt.Sprint(seq), 0, 1, 0)
				}
				inserted, err := s.saveAccounts.exec(t.Context(), tx, values)
				if inserted != int64(n) {
					t.Errorf("%d rows inserted", inserted)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	var count int
	if err := s.read.QueryRow("SELECT count(*) FROM accounts").Scan(&count); err != nil || count != seq {
		t.Errorf("%d of %d rows are there, error %v", count, seq, err)
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
