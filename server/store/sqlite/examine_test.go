package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// examined are the checks of a file by their names.
func examined(t *testing.T, path string, quick bool) map[string]sqlite.Check {
	t.Helper()
	checks := map[string]sqlite.Check{}
	if err := sqlite.Examine(t.Context(), path, quick, func(c sqlite.Check) { checks[c.Name] = c }); err != nil {
		t.Fatal(err)
	}
	return checks
}

// wantWell fails if anything at all is wrong with a file, or was not looked into.
func wantWell(t *testing.T, path string) {
	t.Helper()
	for name, c := range examined(t, path, false) {
		if !c.Well() || c.Note != "" {
			t.Errorf("%s: %d faults: %s %s", name, c.Wrong, strings.Join(c.Shown, "; "), c.Note)
		}
	}
}

// Whatever is changed behind the store's back, the check that it belongs to names
// it, and the others find nothing.
func TestTheDoctorNamesWhatWasChanged(t *testing.T) {
	t.Parallel()
	path := sqlite.StoreFile(fullStore(t))
	wantWell(t, path)
	whole := read(t, path)
	for _, test := range []struct{ name, change, check, want string }{
		{"a fact", "UPDATE transactions SET number_of_transactions = 7 WHERE transaction_seq = 3", "facts",
			"transaction transaction-2: number_of_transactions is 7 and should be 1"},
		{"the last bit of a sum", "UPDATE transactions SET amount_last_day = 0.29571428571428565 WHERE transaction_seq = 3", "facts",
			"transaction transaction-2: amount_last_day is 0.29571428571428565 and should be 0.2957142857142857"},
		{"the age of an account", "UPDATE accounts SET opened_at = opened_at - 1000000 WHERE account_seq = 5", "facts", "age_of_account is 0 and should be 1"},
		{"the count of an account", "UPDATE accounts SET transactions = 2 WHERE account_seq = 5", "accounts", "has 1 transactions, the last at"},
		{"the last time of an account", "UPDATE accounts SET latest_time = 0 WHERE account_seq = 5", "accounts", "it says 1 and 0"},
		{"an account's number", "PRAGMA foreign_keys = OFF; UPDATE accounts SET account_seq = 9000 WHERE account_seq = 1000;" +
			" UPDATE transactions SET account_seq = 9000 WHERE account_seq = 1000", "accounts", "1000 rows have numbers from 1 to 9000"},
		{"a transaction without an account", "PRAGMA foreign_keys = OFF; UPDATE transactions SET account_seq = 9000 WHERE transaction_seq = 1000",
			"foreign keys", "row 1000 of transactions is of no row of accounts"},
		{"an amount", "UPDATE transactions SET amount = -amount WHERE transaction_seq = 9", "transactions", "transaction transaction-8 has the amount -"},
		{"a time", "UPDATE transactions SET recorded_at = -1 WHERE transaction_seq = 9", "transactions", "transaction number 9 has no ID or impossible times"},
		{"an assessment that is gone", "DELETE FROM assessments WHERE assessment_seq = 30", "assessments", "999 rows have numbers from 1 to 1000"},
		{"an assessment of nothing", "UPDATE assessments SET transaction_seq = 9000 WHERE assessment_seq = 30", "assessments",
			"assessment 30 is of transaction number 9000, which is not there"},
		{"a probability", "UPDATE assessments SET probability = 1.5 WHERE assessment_seq = 30", "assessments", "assessment 30 has probability 1.5"},
		{"a threshold", "UPDATE assessments SET threshold = -1 WHERE assessment_seq = 30", "assessments", "threshold -1.0"},
		{"a label", "UPDATE assessments SET label = 2 WHERE assessment_seq = 1000", "assessments", "label 2"},
		{"a version", "UPDATE assessments SET model_version = '' WHERE assessment_seq = 30", "assessments", "assessment 30 has no model version"},
		{"an outcome that is gone", "DELETE FROM outcomes WHERE outcome_seq = 3", "outcomes", "499 rows have numbers from 1 to 500"},
		{"a source", "UPDATE outcomes SET source = 9 WHERE outcome_seq = 3", "outcomes", "outcome 3 has label 2 and source 9"},
		{"when an outcome was reported", "UPDATE outcomes SET reported_at = -5 WHERE outcome_seq = 3", "outcomes", "outcome 3 has an impossible time"},
		{"a key's hash", "UPDATE keys SET hash = x'00'", "keys", "key key is incomplete"},
		{"a key that nobody created", "INSERT INTO keys (key_id, name, role, hash, created_at) VALUES ('door', 'n', 'admin', zeroblob(32), 9e15)", "audit log",
			"key door: no act says key.created"},
		{"a key that nobody revoked", "UPDATE keys SET revoked_at = 9e15", "audit log", "key key: no act says key.revoked"},
		{"an act that is gone", "DROP TRIGGER acts_are_not_deleted; DELETE FROM acts WHERE act_seq = 1", "audit log", "1 rows have numbers from 2 to 2"},
		{"marks that run ahead", "UPDATE summary_marks SET assessment_seq = 9000", "summaries", "the marks are at assessment 9000"},
		{"marks that nothing was counted up to", "UPDATE summary_marks SET assessment_seq = 60", "summaries",
			"of summary_hours counts 0 assessments where there are 60"},
		{"counts of nothing", "INSERT INTO summary_minutes VALUES (5, x'0101')", "summaries", "summary_minutes has 1 rows for 0 spans"},
		{"an index", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(assessed_at)', '(probability)') WHERE name = 'assessments_by_time'",
			"file structure", "missing from index assessments_by_time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := sqlite.StoreFile(t.TempDir())
			write(t, path, whole)
			change(t, path, test.change)
			named := false
			for name, c := range examined(t, path, false) {
				if name != test.check && !c.Well() && !strings.Contains(follows[test.check], name) {
					t.Errorf("%s: %v", name, c.Shown)
				}
				named = named || name == test.check && strings.Contains(strings.Join(c.Shown, "\n"), test.want)
			}
			if !named {
				t.Errorf("%s: want %q, got %q", test.check, test.want, examined(t, path, false)[test.check].Shown)
			}
		})
	}
}

// follows are the checks that find something, too, where another does.
var follows = map[string]string{
	"foreign keys":   "accounts, facts", // the transaction is missed by its account
	"transactions":   "facts",           // amounts add up to other sums
	"file structure": "summaries",       // they go by the index
}

func TestAQuickLookSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	path := sqlite.StoreFile(fullStore(t))
	for name, c := range examined(t, path, true) {
		if left := c.Note == "left out: quick"; left != (name == "facts" || name == "summaries") || !c.Well() {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// What is named is bounded, what is counted is not.
func TestFaultsAreAllCountedAndSomeNamed(t *testing.T) {
	t.Parallel()
	path := sqlite.StoreFile(fullStore(t))
	change(t, path, "UPDATE assessments SET probability = 2")
	if c := examined(t, path, false)["assessments"]; c.Wrong != damagedRows || len(c.Shown) != 10 || c.Looked != damagedRows {
		t.Errorf("%d rows looked at, %d faults, %d named", c.Looked, c.Wrong, len(c.Shown))
	}
}

func TestTheDoctorEndsWithItsCallerAndWritesNothing(t *testing.T) {
	t.Parallel()
	path := sqlite.StoreFile(fullStore(t))
	before := read(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	last := ""
	err := sqlite.Examine(ctx, path, false, func(c sqlite.Check) { last = c.Name; cancel() })
	if !errors.Is(err, context.Canceled) || last != "schema" {
		t.Errorf("got %v after %q", err, last)
	}
	wantWell(t, path)
	if !bytes.Equal(read(t, path), before) {
		t.Error("the file is another")
	}
	if err := sqlite.Examine(t.Context(), path+"-none", false, func(sqlite.Check) {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
