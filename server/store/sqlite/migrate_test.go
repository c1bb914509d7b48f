package sqlite

import (
	"database/sql"
	"io/fs"
	"math"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// olderStore is a directory with a store as the first version left it: with a
// transaction that two models have assessed, and numbers that are not used.
func olderStore(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	path, err := prepareFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO accounts VALUES (1, 'account', 0, 1, 1000000)`,
		`INSERT INTO transactions VALUES (1, 'a', 1, 12.5, 'EUR', 1000000, 1, 1, 0, 'backend')`,
		`INSERT INTO assessments VALUES (3, 1, 'v2', 0, 0.025, NULL, 2000001, 'client'), (7, 1, 'v1', 1, 0.1, 0.05, 2000000, 'other')`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOlderStoresComeAlong(t *testing.T) {
	s := openIn(t, olderStore(t))
	page, err := s.List(t.Context(), fraud.Query{Limit: 10, Order: fraud.OrderProbability})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%d items of %+v, error %v", len(page.Items), page, err)
	}
	known := fraud.Recorded{Seq: 1, ID: "a", Facts: fraud.Facts{AccountID: "account", Amount: 12.5, Currency: "EUR",
		Time: time.Unix(1, 0).UTC(), AgeOfAccount: 1, NumberOfTransactions: 1}}
	want := fraud.Assessment{Transaction: known, ModelVersion: "v1", Label: true, Probability: 0.1, Threshold: 0.05,
		AssessedAt: time.Unix(2, 0).UTC(), AssessedBy: "other", FromRecord: true}
	if got := page.Items[0].Assessment; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	second := page.Items[1].Assessment
	if second.ModelVersion != "v2" || second.Label || second.Probability != 0.025 || !math.IsNaN(second.Threshold) {
		t.Errorf("got %+v", second)
	}
	again := want
	again.Probability = 0.9
	stand, err := s.RecordAssessments(t.Context(), []fraud.Assessment{again})
	if err != nil || stand[0] != want {
		t.Errorf("got  %+v, %v\nwant %+v", stand, err, want)
	}
}

// Without a foreign key the store itself refuses what it has no transaction of.
func TestUnknownNumbersAreRefused(t *testing.T) {
	s := openIn(t, olderStore(t))
	for _, seq := range []int64{math.MinInt64, -1, 0, 2, math.MaxInt64} {
		_, err := s.RecordAssessments(t.Context(), []fraud.Assessment{
			{Transaction: fraud.Recorded{Seq: 1}, ModelVersion: "v3"}, {Transaction: fraud.Recorded{Seq: seq}, ModelVersion: "v3"}})
		if err == nil {
			t.Errorf("%d: no error", seq)
		}
	}
	found, err := s.LookUp(t.Context(), []string{"a"}, "v3")
	if err != nil || found[0].Assessment != nil {
		t.Errorf("%+v is recorded, error %v", found, err)
	}
}
