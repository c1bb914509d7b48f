package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// importRun is one run of brrr import and what it left.
type importRun struct {
	code    int
	said    string     // on standard error
	refused [][]string // the rejects file, without its head; nil: there is none
}

// runImport runs brrr import. An empty rejects file counts as none.
func runImport(ctx context.Context, t *testing.T, in io.Reader, args ...string) importRun {
	t.Helper()
	var out, said bytes.Buffer
	rejects := filepath.Join(t.TempDir(), "rejects.csv")
	args = append(append([]string{"import"}, args...), "--rejects="+rejects)
	r := importRun{code: run(ctx, args, streams{in, &out, &said})}
	r.said = said.String()
	if out.Len() > 0 {
		t.Errorf("standard output: %q", out.String())
	}
	if text, err := os.ReadFile(rejects); err == nil {
		lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil || strings.Join(lines[0], ",") != "file,line,transaction_id,reason,message" {
			t.Fatalf("rejects file: %v\n%s", err, text)
		}
		r.refused = lines[1:]
	}
	return r
}

// check holds a run to an exit code and to what it must have said.
func (r importRun) check(t *testing.T, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, not %d", r.code, code)
	}
	for _, text := range says {
		if !strings.Contains(r.said, text) {
			t.Errorf("it does not say %q", text)
		}
	}
	if t.Failed() {
		t.Logf("said:\n%srefused: %q", r.said, r.refused)
	}
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// known is what a store knows of one transaction, as text that can be compared.
func known(r fraud.LookUpResult, o fraud.Outcome) string {
	if r.Err != nil {
		return fraud.ReasonOf(r.Err)
	}
	f := r.Transaction.Facts
	text := fmt.Sprintf("%s %v%s at %.6f age %d number %d", f.AccountID, f.Amount, f.Currency,
		float64(f.Time.UnixMicro())/1e6, f.AgeOfAccount, f.NumberOfTransactions)
	if o.Label != fraud.OutcomeUnknown {
		text += fmt.Sprintf(", label %d source %d at %.6f", o.Label, o.Source, float64(o.OccurredAt.UnixMicro())/1e6)
	}
	return text
}

// knownOf reads a store's folder.
func knownOf(t *testing.T, data string, ids ...string) map[string]string {
	t.Helper()
	store, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all := map[string]string{}
	for some := range slices.Chunk(ids, maxItems) {
		found, err := store.LookUp(t.Context(), some, "")
		if err != nil {
			t.Fatal(err)
		}
		outcomes, err := store.NewestOutcomes(t.Context(), some)
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range some {
			all[id] = known(found[i], outcomes[id])
		}
	}
	return all
}

// checkKnown compares what a store knows of every ID in want.
func checkKnown(t *testing.T, data string, want map[string]string) {
	t.Helper()
	ids := make([]string, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	got := knownOf(t, data, ids...)
	wrong := 0
	for id := range want {
		if got[id] != want[id] {
			if wrong++; wrong <= 5 {
				t.Errorf("%s is known as\n%s, not\n%s", id, got[id], want[id])
			}
		}
	}
	if wrong > 5 {
		t.Errorf("%d of %d are known otherwise than they should be", wrong, len(want))
	}
}

// transactionsIn counts those in a store's folder, which may be empty.
func transactionsIn(t *testing.T, data string) (n int) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(data, "brrr.db")); err != nil {
		return 0
	}
	query(t, data, "SELECT count(*) FROM transactions", func(row []any) { n = int(row[0].(int64)) })
	return n
}

// digest is equal for stores that hold the same rows of what is imported.
func digest(t *testing.T, data string) string {
	t.Helper()
	all := sha256.New()
	for _, table := range []string{"accounts", "transactions", "outcomes"} {
		query(t, data, "SELECT * FROM "+table+" ORDER BY 1", func(row []any) { fmt.Fprintln(all, row...) })
	}
	return fmt.Sprintf("%x", all.Sum(nil))
}

func query(t *testing.T, data, text string, each func(row []any)) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "brrr.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	row, dest := make([]any, len(names)), make([]any, len(names))
	for i := range row {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		each(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
