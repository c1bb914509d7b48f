package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// changeRole rewrites a key's role behind the service's back.
func changeRole(t *testing.T, s *testServer, token, role string) string {
	t.Helper()
	id := strings.Split(token, "_")[1]
	execSQL(t, s.data, "UPDATE keys SET role = ? WHERE key_id = ?", role, id)
	return token
}

// execSQL runs a statement on a server's store from outside.
func execSQL(t *testing.T, data, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "brrr.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestAServerOnADamagedStoreFailsWithAWord(t *testing.T) {
	data := t.TempDir()
	writeTo(t, filepath.Join(data, "brrr.db"), "no database at all")
	code, _, errs := command(t, "serve", "--data="+data, "--listen=127.0.0.1:0", "--admin-listen=", noModel)
	if code != exitFailed || !strings.Contains(errs, "brrr doctor tells where") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
