package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
)

func TestAStoreIsAFolderOrPostgresAndNothingElse(t *testing.T) {
	for url, says := range map[string]string{
		"mysql://h/db":                    "not mysql://",
		"host=h dbname=db":                "must be empty, or begin with postgres:// or postgresql://",
		"data":                            "must be empty, or begin with",
		"postgres://u:1/2@h/db":           "%2F for /",
		"postgres://u:a?b@h/db":           "%2F for /",
		"postgresql://u@h:port/db":        "must be like postgres://host:5432/database",
		"postgres://h/db?sslmode=nothing": "cannot be read",
	} {
		for _, words := range [][]string{{"keys", "list"}, {"migrate"}, {"config", "check"}} {
			if words[0] == "config" && strings.Contains(url, "sslmode") {
				continue // what the database's own library reads is known when it is opened
			}
			code, _, errs := command(t, append(words, "--store="+url)...)
			if code == exitDone || !strings.Contains(errs, says) || strings.Contains(errs, url) {
				t.Errorf("%s --store=%s: exit %d, %s; want …%s…", words[0], url, code, errs, says)
			}
		}
	}
	code, _, errs := command(t, "serve", "--demo", "--store=postgres://h/db")
	if code != exitUsage || !strings.Contains(errs, "--demo fills an embedded store: leave out --store") {
		t.Errorf("a demo: exit %d, %s", code, errs)
	}
}

// TestWhatIsForFilesIsRefusedForPostgres sets the store as a fleet's machines do.
func TestWhatIsForFilesIsRefusedForPostgres(t *testing.T) {
	t.Setenv("BRRR_STORE", "postgres://127.0.0.1:1/brrr")
	file := writeFile(t, "backup.db", "")
	for says, args := range map[string][]string{
		"pg_dump":    {"backup", filepath.Join(t.TempDir(), "new.db")},
		"pg_restore": {"restore", file},
		"pg_amcheck": {"doctor"},
	} {
		if code, _, errs := command(t, args...); code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
		data := t.TempDir()
		if code, _, errs := command(t, append(args, "--data="+data)...); strings.Contains(errs, says) {
			t.Errorf("%v --data: exit %d, %s", args, code, errs) // what is on the line counts
		}
	}
	if code, _, errs := command(t, "keys", "list", "--data="+t.TempDir()); code != exitDone {
		t.Errorf("keys of a folder: exit %d, %s", code, errs)
	}
	if code, _, errs := command(t, "keys", "list", "--data=a", "--store=postgres://h/db"); code != exitUsage || !strings.Contains(errs, "--data and --store exclude each other") {
		t.Errorf("both: exit %d, %s", code, errs)
	}
	if code, _, errs := command(t, "keys", "list"); code != exitFailed {
		t.Errorf("nobody listens there: exit %d, %s", code, errs)
	}
}

// TestADatabaseIsMigratedBeforeItIsServed walks from an empty database to a gateway
// that keeps nothing in a folder.
func TestADatabaseIsMigratedBeforeItIsServed(t *testing.T) {
	t.Parallel()
	url, folder := pgtest.Database(t), filepath.Join(t.TempDir(), "none")
	code, out, errs := command(t, "serve", "--store="+url, "--data="+folder, "--listen=127.0.0.1:0", "--admin-listen=", noModel)
	if code != exitFailed || !strings.Contains(errs, "brrr migrate") || out != "" {
		t.Errorf("on an empty database: exit %d, %s%s", code, out, errs)
	}
	for _, says := range []string{" went from version 0 to ", " already"} {
		if code, _, errs := command(t, "migrate", "--store="+url); code != exitDone || !strings.Contains(errs, says) {
			t.Errorf("migrate: exit %d, %s; want …%s…", code, errs, says)
		}
	}
	s := &testServer{app: startOn(t, folder, "--store="+url, "--predictor="+startHost(t, newModelHost("m"))), keys: map[string]string{}}
	rows := writeFile(t, "rows.csv", "transaction_id,account_id,amount,time,label\na,b,1,1700000000,1\n")
	runImport(t.Context(), t, nil, rows, "--store="+url).check(t, exitDone, "1 recorded", "1 outcomes", "to postgres://***@127.0.0.1:")
	s.keys["client"] = newKey(t, s.store, "client")
	s.awaitModel(t)
	s.check(t, "a")
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of an embedded store: %v", err)
	}
}
