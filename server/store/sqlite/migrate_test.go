package sqlite

import (
	"database/sql"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// storeOf is a directory with a store as a version of the schema left it, once
// statements have run.
func storeOf(t *testing.T, version int64, statements ...string) (dir string) {
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
	db.SetMaxOpenConns(1) // statements may depend on one another
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// olderStore is one of the first version, with a transaction that two models have
// assessed, and numbers that are not used.
func olderStore(t *testing.T) (dir string) {
	t.Helper()
	return storeOf(t, 1,
		`INSERT INTO accounts VALUES (1, 'account', 0, 1, 1000000)`,
		`INSERT INTO transactions VALUES (1, 'a', 1, 12.5, 'EUR', 1000000, 1, 1, 0, 'backend')`,
		`INSERT INTO assessments VALUES (3, 1, 'v2', 0, 0.025, NULL, 2000001, 'client'), (7, 1, 'v1', 1, 0.1, 0.05, 2000000, 'other')`)
}

func TestOlderStoresComeAlong(t *testing.T) {
	s := openIn(t, olderStore(t))
	page, err := s.List(t.Context(), fraud.Query{Limit: 10, Order: fraud.OrderProbability})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%d items of %+v, error %v", len(page.Items), page, err)
	}
	known := fraud.Recorded{Seq: 1, ID: "a", Facts: fraud.Facts{AccountID: "account", Amount: 12.5, Currency: "EUR",
		Time: time.Unix(1, 0).UTC(), AgeOfAccount: 1, NumberOfTransactions: 1, SecondsSincePrevious: 1,
		AmountLastHour: 12.5, AmountLastDay: 12.5, AmountLastWeek: 12.5, TransactionsLastWeek: 1}}
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

// Transactions of a store that did not know the facts of the last hour, day and
// week get what they would have been given.
func TestOlderTransactionsGetTheirRecentFacts(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	dir := t.TempDir()
	s := openIn(t, dir)
	var ids []string
	for range 40 {
		var call []fraud.Transaction
		for range 1 + random.IntN(50) {
			ids = append(ids, fmt.Sprint(len(ids)))
			call = append(call, earlierPayment(random, ids[len(ids)-1]))
		}
		if _, err := s.Record(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	want := lookUp(t, s, ids)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	older := storeOf(t, 2, "ATTACH '"+filepath.Join(dir, fileName)+"' AS newer",
		`INSERT INTO main.accounts SELECT * FROM newer.accounts`,
		`INSERT INTO main.transactions SELECT transaction_seq, transaction_id, account_seq, amount, currency, time,
			age_of_account, number_of_transactions, recorded_at, recorded_by FROM newer.transactions`)
	for i, got := range lookUp(t, openIn(t, older), ids) {
		if got.Err != nil || got.Transaction != want[i].Transaction {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
	}
}

// earlierPayment may be of the same time as others, late, or at the edge of their
// windows. One account pays more than a double can hold.
func earlierPayment(random *rand.Rand, id string) fraud.Transaction {
	p := fraud.Transaction{ID: id, AccountID: fmt.Sprint(random.IntN(6)), Amount: float64(1+random.IntN(1_000_000)) / 100}
	if p.AccountID == "0" && random.IntN(4) == 0 {
		p.Amount = math.MaxFloat64
	}
	for _, step := range []int64{100 * 52 * week, week, day, hour, 1} {
		p.Time = time.UnixMicro(p.Time.UnixMicro() + step*random.Int64N(3))
	}
	return p
}

func lookUp(t *testing.T, s *Store, ids []string) []fraud.LookUpResult {
	t.Helper()
	found, err := s.LookUp(t.Context(), ids, "v1")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Outcomes keep their numbers and their order as their table is made anew, and may
// be withdrawn from then on. What was assessed counts.
func TestOlderOutcomesComeAlong(t *testing.T) {
	s := openIn(t, storeOf(t, 3,
		`INSERT INTO accounts VALUES (1, 'account', 0, 2, 1000000)`,
		`INSERT INTO transactions (transaction_seq, transaction_id, account_seq, amount, currency, time, age_of_account,
			number_of_transactions, recorded_at, recorded_by) VALUES (1, 'a', 1, 12.5, 'EUR', 1000000, 1, 1, 0, 'backend'),
			(2, 'b', 1, 12.5, 'EUR', 1000000, 1, 2, 0, 'backend')`,
		`INSERT INTO assessments VALUES (1, 1, 'v1', 1, 0.75, 0.5, 60000000, 'client'), (2, 2, 'v1', 0, 0.25, 0.5, 60000000, 'client')`,
		`INSERT INTO outcomes VALUES (3, 1, 2, 2, 5000000, 'first', 6000000, 'x'), (9, 1, 1, 1, 5000000, 'second', 7000000, 'y')`))
	second := fraud.Outcome{TransactionID: "a", Label: fraud.OutcomeFraud, Source: fraud.SourceChargeback, OccurredAt: time.Unix(5, 0).UTC(),
		Note: "second", ReportedAt: time.Unix(7, 0).UTC(), ReportedBy: "y"}
	history, err := s.OutcomeHistory(t.Context(), "a", 9)
	if err != nil || len(history) != 2 || history[0] != second || history[1].Note != "first" {
		t.Fatalf("%+v, error %v", history, err)
	}
	whole := fraud.Buckets{From: time.Unix(60, 0), Minutes: 1, Number: 1}
	want := fraud.Bucket{Assessed: 2, Flagged: 1, Frauds: 1, FlaggedFrauds: 1}
	want.Histogram[5], want.Histogram[15] = 1, 1
	if got, err := s.Summarize(t.Context(), whole); err != nil || got[0] != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	withdrawal := second
	withdrawal.Label = fraud.OutcomeWithdrawn
	results, err := s.ReportOutcomes(t.Context(), []fraud.Outcome{second, withdrawal})
	if err != nil || results[0].Outcome != second {
		t.Errorf("repeated: %+v, error %v", results, err)
	}
	if history, err = s.OutcomeHistory(t.Context(), "a", 9); err != nil || len(history) != 3 || history[0] != results[1].Outcome {
		t.Errorf("withdrawn: %+v, error %v", history, err)
	}
	want.Frauds, want.FlaggedFrauds = 0, 0
	if got, err := s.Summarize(t.Context(), whole); err != nil || got[0] != want {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestAStoreThatANewerProgramHasChangedIsRefused(t *testing.T) {
	t.Parallel()
	dir := storeOf(t, newestVersion(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	if s, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "its schema has version 99") || !strings.HasSuffix(err.Error(), "use a newer brrr") {
		t.Errorf("%v, %v", s, err)
	}
}

// Spans of time, in microseconds.
const (
	hour = 3_600 * 1_000_000
	day  = 24 * hour
	week = 7 * day
)
