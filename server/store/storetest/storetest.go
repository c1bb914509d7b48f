// Package storetest is the one suite that every fraud.Store passes. A fault
// found in one store becomes a case for all.
package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Run tests a store. open opens an empty one, and closes it when t ends if the
// test has not.
func Run(t *testing.T, open func(t *testing.T) fraud.Store) {
	for _, group := range []struct {
		name string
		run  func(t *testing.T, open func(t *testing.T) fraud.Store)
	}{
		{"Record", testRecord},
		{"Facts", testFacts},
		{"LookUp", testLookUp},
		{"RecordAssessments", testRecordAssessments},
		{"List", testList},
		{"Outcomes", testOutcomes},
		{"Labelled", testLabelled},
		{"Live", testLive},
		{"Summary", testSummary},
		{"Feed", testFeed},
		{"Keys", testKeys},
		{"Audit", testAudit},
		{"Size", testSize},
		{"Concurrency", testConcurrency},
		{"Calls", testCalls},
		{"Clock", testClock},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			group.run(t, open)
		})
	}
}

// start is when the tests' events begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// payment is a transaction that differs from others in its ID alone.
func payment(id string) fraud.Transaction {
	return fraud.Transaction{ID: id, AccountID: "account", Amount: 12.5, Currency: "EUR", Time: start, RecordedBy: "backend"}
}

// at is a transaction of account so many seconds after start.
func at(id, account string, seconds int) fraud.Transaction {
	t := payment(id)
	t.AccountID, t.Time = account, start.Add(time.Duration(seconds)*time.Second)
	return t
}

// record records transactions in one call and describes each result.
func record(t *testing.T, s fraud.Store, transactions ...fraud.Transaction) []string {
	t.Helper()
	results, err := s.Record(t.Context(), transactions)
	if err != nil {
		t.Fatalf("Record: %v", err)
	}
	return describe(results)
}

const (
	isNew   = "recorded"
	already = "already recorded"
)

func describe(results []fraud.RecordResult) []string {
	words := make([]string, len(results))
	for i, r := range results {
		switch {
		case r.Err != nil && r.Already:
			words[i] = "both already recorded and an error"
		case r.Err != nil:
			words[i] = fraud.ReasonOf(r.Err)
		case r.Already:
			words[i] = already
		default:
			words[i] = isNew
		}
	}
	return words
}

// find looks up transactions that are recorded.
func find(t *testing.T, s fraud.Store, ids ...string) []fraud.Recorded {
	t.Helper()
	recorded := make([]fraud.Recorded, len(ids))
	for i, r := range lookUp(t, s, "", ids...) {
		if r.Err != nil {
			t.Fatalf("LookUp(%q): %v", ids[i], r.Err)
		}
		recorded[i] = r.Transaction
	}
	return recorded
}

func lookUp(t *testing.T, s fraud.Store, version string, ids ...string) []fraud.LookUpResult {
	t.Helper()
	results, err := s.LookUp(t.Context(), ids, version)
	if err != nil {
		t.Fatalf("LookUp: %v", err)
	}
	if len(results) != len(ids) {
		t.Fatalf("LookUp answers %d for %d", len(results), len(ids))
	}
	return results
}

// assessment is what version says about a transaction.
func assessment(of fraud.Recorded, version string, probability float64) fraud.Assessment {
	return fraud.Assessment{
		Transaction: of, ModelVersion: version, Label: probability >= 0.5, Probability: probability,
		Threshold: 0.5, AssessedAt: start.Add(time.Hour), AssessedBy: "client",
	}
}

// assess records assessments and returns what stands.
func assess(t *testing.T, s fraud.Store, assessments ...fraud.Assessment) []fraud.Assessment {
	t.Helper()
	stand, err := s.RecordAssessments(t.Context(), assessments)
	if err != nil {
		t.Fatalf("RecordAssessments: %v", err)
	}
	if len(stand) != len(assessments) {
		t.Fatalf("RecordAssessments answers %d for %d", len(stand), len(assessments))
	}
	return stand
}

func fromRecord(a fraud.Assessment) fraud.Assessment {
	a.FromRecord = true
	return a
}

// equal compares what the values show: every field, the zone of times, and
// doubles to the last bit.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := show(got), show(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func show(value any) string {
	switch v := value.(type) {
	case float64:
		return fmt.Sprintf("%v (%x)", v, math.Float64bits(v))
	case fraud.Recorded:
		return fmt.Sprintf("%+v, amount %x", v, math.Float64bits(v.Facts.Amount))
	case fraud.Assessment:
		return fmt.Sprintf("%+v, probability %x, of %s", v, math.Float64bits(v.Probability), show(v.Transaction))
	case *fraud.Assessment:
		if v != nil {
			return show(*v)
		}
	case *fraud.Outcome:
		if v != nil {
			return show(*v)
		}
	case []fraud.Assessment:
		return lines(v)
	case []fraud.Recorded:
		return lines(v)
	case []fraud.Listed:
		return lines(v)
	case fraud.FeedAssessment:
		return fmt.Sprint(v.Seq, " ", show(v.Listed))
	case fraud.Listed:
		return show(v.Assessment) + " " + show(v.Outcome)
	}
	return fmt.Sprintf("%+v", value)
}

func lines[T any](values []T) string {
	text := ""
	for _, v := range values {
		text += "\n\t" + show(v)
	}
	return text
}
