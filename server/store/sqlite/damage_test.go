package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

const damagedRows = 1000 // enough for trees of several pages

// fullStore is a closed store with some of everything.
func fullStore(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, sqlite.StoreFile(dir), fullImage())
	return dir
}

// fullImage is its file, which is made once.
var fullImage = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "brrr-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := sqlite.Open(context.Background(), dir)
	if err != nil {
		panic(err)
	}
	if err := errors.Join(fill(s), s.Close()); err != nil {
		panic(err)
	}
	image, err := os.ReadFile(sqlite.StoreFile(dir))
	if err != nil {
		panic(err)
	}
	return image
})

func fill(s *sqlite.Store) error {
	ctx := context.Background()
	assessments := make([]fraud.Assessment, damagedRows)
	for i := range assessments {
		assessments[i] = assessmentOf(i)
	}
	_, recorded := s.Record(ctx, payments(0, damagedRows))
	_, assessed := s.RecordAssessments(ctx, assessments)
	_, reported := s.ReportOutcomes(ctx, outcomesOf(0, damagedRows/2))
	created := s.CreateKey(ctx, fraud.Key{ID: "key", Name: "name", Role: "admin", CreatedAt: start}, "user:test")
	acted := s.RecordAct(ctx, fraud.Act{At: start, Actor: fraud.ActorServer, Kind: fraud.ActServerStarted})
	return errors.Join(recorded, assessed, reported, created, acted)
}

func assessmentOf(k int) fraud.Assessment {
	return fraud.Assessment{Transaction: fraud.Recorded{Seq: int64(k + 1)}, ModelVersion: "v1", Probability: probability(k),
		Label: k%2 == 0, Threshold: 0.5, AssessedAt: start.Add(time.Duration(k) * time.Second), AssessedBy: "client"}
}

// rootOf is the number of the first page of a table or index.
func rootOf(t *testing.T, path, name string) (page int64) {
	t.Helper()
	c, err := engine.OpenConn(path, engine.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sql := `SELECT rootpage FROM sqlite_schema WHERE name = ?`
	err = sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{Args: []any{name}, ResultFunc: func(stmt *engine.Stmt) error {
		page = stmt.ColumnInt64(0)
		return nil
	}})
	if err != nil || page == 0 {
		t.Fatalf("%s: page %d, error %v", name, page, err)
	}
	return page
}

// damagePage writes over page number n.
func damagePage(t *testing.T, path string, n int64, with byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(bytes.Repeat([]byte{with}, 4096), (n-1)*4096); err != nil {
		t.Fatal(err)
	}
}

// leafOf finds a leaf of a table, by a text that is on it.
func leafOf(t *testing.T, path, text string) int64 {
	t.Helper()
	at := bytes.Index(read(t, path), []byte(text))
	if at < 0 {
		t.Fatalf("%q is nowhere in the file", text)
	}
	return int64(at/4096) + 1
}

// answersOf asks a store all that depends on its pages, and returns what fails
// and each answer.
func answersOf(t *testing.T, s *sqlite.Store) (answers map[string]string, failed map[string]error) {
	t.Helper()
	answers, failed = map[string]string{}, map[string]error{}
	ask := func(name string, answer any, err error) {
		if answers[name] = fmt.Sprintf("%+v", answer); err != nil {
			failed[name] = err
		}
	}
	found, err := s.LookUp(t.Context(), idsOf(payments(0, damagedRows)), "v1")
	var told []string // what pointers point to
	for _, r := range found {
		told = append(told, fmt.Sprintf("%+v %+v", r.Transaction, r.Assessment))
	}
	ask("look-up", told, err)
	page, err := s.List(t.Context(), fraud.Query{Limit: damagedRows})
	told = nil
	for _, item := range page.Items {
		told = append(told, fmt.Sprintf("%+v %+v", item.Assessment, item.Outcome))
	}
	ask("list", told, err)
	newest, err := s.NewestOutcomes(t.Context(), idsOf(payments(0, damagedRows)))
	for id, o := range newest { // of the time of each run
		o.ReportedAt = time.Time{}
		newest[id] = o
	}
	ask("outcomes", newest, err)
	buckets, err := s.Summarize(t.Context(), fraud.Buckets{From: start, Minutes: 60, Number: 1})
	ask("summary", buckets, err)
	keys, err := s.ListKeys(t.Context())
	ask("keys", keys, err)
	return answers, failed
}

// Wherever a page is overwritten, the store does not open, or what needs the page
// fails and says so; all other answers are right. The doctor finds it.
func TestADamagedPageIsNeverAnsweredFrom(t *testing.T) {
	t.Parallel()
	whole := fullStore(t)
	path := sqlite.StoreFile(whole)
	s := open(t, whole)
	right, _ := answersOf(t, s)
	closeStore(t, s)
	image := read(t, path)
	for name, page := range map[string]int64{
		"the header":                          1,
		"the root of the transactions":        rootOf(t, path, "transactions"),
		"a leaf of the transactions":          leafOf(t, path, "transaction-500"),
		"the root of the assessments":         rootOf(t, path, "assessments"),
		"the root of an index by time":        rootOf(t, path, "assessments_by_time"),
		"the root of the index of IDs":        rootOf(t, path, "sqlite_autoindex_transactions_1"),
		"the root of the index of outcomes":   rootOf(t, path, "outcomes_once"),
		"the keys":                            rootOf(t, path, "keys"),
		"the marks of the summaries":          rootOf(t, path, "summary_marks"),
		"the versions of the schema":          rootOf(t, path, "goose_db_version"),
		"the root of the index of an account": rootOf(t, path, "transactions_of_account"),
	} {
		leaf := name == "a leaf of the transactions"
		if raceDetector && !leaf {
			continue
		}
		t.Run(name, func(t *testing.T) { testDamagedPage(t, image, page, 0xa5, right) })
		if leaf || name == "the header" {
			t.Run(name+", zeros", func(t *testing.T) { testDamagedPage(t, image, page, 0, right) })
		}
	}
}

func testDamagedPage(t *testing.T, image []byte, page int64, with byte, right map[string]string) {
	dir := t.TempDir()
	path := sqlite.StoreFile(dir)
	write(t, path, image)
	damagePage(t, path, page, with)
	checkDoctorFinds(t, path)
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "brrr doctor") {
			t.Errorf("%v: names no file or no help", err)
		}
		return
	}
	defer closeStore(t, s)
	answers, failed := answersOf(t, s)
	for what, want := range right {
		if err := failed[what]; err != nil {
			wantUnavailable(t, what, err)
		} else if answers[what] != want {
			t.Errorf("%s is wrong: %.300s", what, answers[what])
		}
	}
}

func checkDoctorFinds(t *testing.T, path string) {
	t.Helper()
	faults := int64(0)
	err := sqlite.Examine(t.Context(), path, false, func(c sqlite.Check) { faults += c.Wrong })
	if err == nil && faults == 0 {
		t.Error("the doctor finds nothing")
	}
	if err := sqlite.Examine(t.Context(), path, true, func(c sqlite.Check) { faults -= c.Wrong }); err != nil {
		t.Errorf("quick: %v", err)
	}
}

// A log that is damaged counts up to the damage, by whole calls.
func TestADamagedLogIsReadUpToTheDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	const calls, size = 6, 40
	for call := range calls {
		record(t, s, payments(call*size, size))
	}
	database, log := read(t, sqlite.StoreFile(dir)), read(t, filepath.Join(dir, "brrr.db-wal"))
	for part := range 4 {
		crashed := t.TempDir()
		write(t, sqlite.StoreFile(crashed), database)
		spoilt := bytes.Clone(log)
		copy(spoilt[len(spoilt)*part/4:], bytes.Repeat([]byte{0xa5}, 512))
		write(t, filepath.Join(crashed, "brrr.db-wal"), spoilt)
		s, err := sqlite.Open(t.Context(), crashed)
		if err != nil {
			t.Fatal(err)
		}
		n := found(t, s, idsOf(payments(0, calls*size))...)
		if n%size != 0 || found(t, s, idsOf(payments(0, n))...) != n {
			t.Errorf("damage at %d/4: %d rows are there", part, n)
		}
		closeStore(t, s)
		wantWell(t, sqlite.StoreFile(crashed))
	}
}
