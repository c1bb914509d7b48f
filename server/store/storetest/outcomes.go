package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testOutcomes(t *testing.T, open func(t *testing.T) fraud.Store) {
	hours := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	type one struct {
		label    fraud.OutcomeLabel
		occurred time.Time
	}
	const bad, good, withdrawn, none = fraud.OutcomeFraud, fraud.OutcomeLegitimate, fraud.OutcomeWithdrawn, -1
	s := open(t)
	for _, test := range []struct {
		name    string
		reports []one
		want    int // which of them stands
	}{
		{"the only one stands", []one{{bad, hours(1)}}, 0},
		{"the newest stands", []one{{bad, hours(1)}, {good, hours(2)}}, 1},
		{"the newest stands though it comes first", []one{{bad, hours(2)}, {good, hours(1)}}, 0},
		{"of equally new ones the last to arrive stands", []one{{bad, hours(1)}, {good, hours(1)}}, 1},
		{"one that is repeated does not arrive again", []one{{bad, hours(1)}, {good, hours(1)}, {bad, hours(1)}}, 1},
		{"a microsecond is newer", []one{{bad, hours(1).Add(time.Microsecond)}, {good, hours(1)}}, 0},
		{"a nanosecond is not", []one{{bad, hours(1).Add(999)}, {good, hours(1)}}, 1},
		{"of equally new ones the last stands whatever it says", []one{{good, hours(1)}, {bad, hours(1)}}, 1},
		{"withdrawn, none stands", []one{{bad, hours(1)}, {withdrawn, hours(2)}}, none},
		{"withdrawn at the same time, none stands", []one{{bad, hours(1)}, {withdrawn, hours(1)}}, none},
		{"a withdrawal that is older withdraws nothing", []one{{withdrawn, hours(1)}, {bad, hours(2)}}, 1},
		{"a withdrawal that is older withdraws nothing though it comes late", []one{{bad, hours(2)}, {withdrawn, hours(1)}}, 0},
		{"what was withdrawn may be reported again", []one{{bad, hours(1)}, {withdrawn, hours(2)}, {bad, hours(3)}}, 2},
		{"what was withdrawn stands again no sooner", []one{{bad, hours(1)}, {withdrawn, hours(2)}, {good, hours(1)}}, none},
		{"with nothing to withdraw, none stands", []one{{withdrawn, hours(1)}}, none},
	} {
		t.Run(test.name, func(t *testing.T) {
			// However calls divide the reports, the same one stands.
			for size := 1; size <= len(test.reports); size++ {
				id := fmt.Sprintf("%s %d", test.name, size)
				record(t, s, payment(id))
				var outcomes []fraud.Outcome
				for _, r := range test.reports {
					outcomes = append(outcomes, outcome(id, r.label, r.occurred))
				}
				var results []fraud.OutcomeResult
				for call := range slices.Chunk(outcomes, size) {
					results = append(results, report(t, s, call...)...)
				}
				want := map[string]fraud.Outcome{}
				if test.want != none {
					want[id] = results[test.want].Outcome
				}
				equal(t, id, newestOutcomes(t, s, id), want)
			}
		})
	}
	t.Run("the answer is what is recorded", func(t *testing.T) { testOutcomeValues(t, open(t)) })
	t.Run("the history has all, the newest first", func(t *testing.T) { testOutcomeHistory(t, open(t)) })
	t.Run("an equal one is in the history once", func(t *testing.T) { testOutcomeRepeats(t, open(t)) })
	t.Run("unknown is not an outcome and fails the call", func(t *testing.T) { testNotAnOutcome(t, open(t)) })
	t.Run("a large call is one call", func(t *testing.T) { testManyOutcomes(t, open(t)) })
	t.Run("a text that is not an ID is no transaction", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("1"))
		for _, id := range notIDs {
			equal(t, id, fraud.ReasonOf(report(t, s, outcome(id, bad, start))[0].Err), fraud.ReasonTransactionUnknown)
		}
	})
	t.Run("an unknown transaction fails alone", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("b"))
		results := report(t, s, outcome("a", bad, hours(1)), outcome("A", bad, hours(1)), outcome("b", good, hours(1)))
		equal(t, "reason", fraud.ReasonOf(results[1].Err), fraud.ReasonTransactionUnknown)
		equal(t, "outcome", results[1].Outcome, fraud.Outcome{})
		newest := newestOutcomes(t, s, "a", "A", "b", "nobody", "a")
		equal(t, "found", newest, map[string]fraud.Outcome{"a": results[0].Outcome, "b": results[2].Outcome})
	})
}

func testOutcomeHistory(t *testing.T, s fraud.Store) {
	const bad, good, withdrawn = fraud.OutcomeFraud, fraud.OutcomeLegitimate, fraud.OutcomeWithdrawn
	record(t, s, payment("a"), payment("b"), payment("never labelled"))
	var reported []fraud.Outcome
	for _, r := range report(t, s,
		outcome("a", bad, start.Add(time.Hour)), outcome("b", bad, start.Add(3*time.Hour)),
		outcome("a", good, start), outcome("a", withdrawn, start.Add(2*time.Hour)),
		outcome("a", good, start.Add(time.Hour)), outcome("a", good, start)) {
		reported = append(reported, r.Outcome)
	}
	all := []fraud.Outcome{reported[3], reported[4], reported[0], reported[2]} // of equal times the last to arrive
	for limit := 1; limit <= len(all)+1; limit++ {
		equal(t, fmt.Sprint("the newest ", limit), outcomeHistory(t, s, "a", limit), all[:min(limit, len(all))])
	}
	equal(t, "that of another", outcomeHistory(t, s, "b", 9), reported[1:2])
	equal(t, "none", len(outcomeHistory(t, s, "never labelled", 9)), 0)
	for _, id := range append([]string{"nobody", "A", ""}, notIDs...) {
		if _, err := s.OutcomeHistory(t.Context(), id, 9); fraud.ReasonOf(err) != fraud.ReasonTransactionUnknown {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func outcomeHistory(t *testing.T, s fraud.Store, id string, limit int) []fraud.Outcome {
	t.Helper()
	history, err := s.OutcomeHistory(t.Context(), id, limit)
	if err != nil {
		t.Fatalf("OutcomeHistory(%q, %d): %v", id, limit, err)
	}
	return history
}

func testNotAnOutcome(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"))
	reports := []fraud.Outcome{outcome("a", fraud.OutcomeFraud, start), outcome("a", fraud.OutcomeUnknown, start)}
	if _, err := s.ReportOutcomes(t.Context(), reports); err == nil {
		t.Error("no error")
	}
	equal(t, "nothing of the call", newestOutcomes(t, s, "a"), map[string]fraud.Outcome{})
}

func outcome(id string, label fraud.OutcomeLabel, occurred time.Time) fraud.Outcome {
	return fraud.Outcome{TransactionID: id, Label: label, Source: fraud.SourceAnalyst,
		OccurredAt: occurred, Note: "seen", ReportedBy: "analyst"}
}

func report(t *testing.T, s fraud.Store, outcomes ...fraud.Outcome) []fraud.OutcomeResult {
	t.Helper()
	results, err := s.ReportOutcomes(t.Context(), outcomes)
	if err != nil {
		t.Fatalf("ReportOutcomes: %v", err)
	}
	if len(results) != len(outcomes) {
		t.Fatalf("ReportOutcomes answers %d for %d", len(results), len(outcomes))
	}
	return results
}

func newestOutcomes(t *testing.T, s fraud.Store, ids ...string) map[string]fraud.Outcome {
	t.Helper()
	newest, err := s.NewestOutcomes(t.Context(), ids)
	if err != nil {
		t.Fatalf("NewestOutcomes: %v", err)
	}
	return newest
}

func testOutcomeValues(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"))
	for _, source := range []fraud.OutcomeSource{fraud.SourceChargeback, fraud.SourceAnalyst, fraud.SourceCustomer, fraud.SourceImport} {
		o := outcome("a", fraud.OutcomeFraud, start.Add(1234567).In(time.FixedZone("east", 3600)))
		o.Source, o.Note = source, "“quoted”,\x00 and\nmore"
		from := time.Now().Truncate(time.Microsecond)
		got := report(t, s, o)[0].Outcome
		if got.ReportedAt.Before(from) || got.ReportedAt.After(time.Now()) || got.ReportedAt.Location() != time.UTC {
			t.Errorf("reported at %v, not now in UTC", got.ReportedAt)
		}
		want := o
		want.OccurredAt, want.ReportedAt = start.Add(1234*time.Microsecond), got.ReportedAt
		equal(t, "answer", got, want)
		equal(t, "newest", newestOutcomes(t, s, "a")["a"], want)
		equal(t, "again", report(t, s, o)[0].Outcome, want)
	}
}

func testOutcomeRepeats(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"))
	first := report(t, s, outcome("a", fraud.OutcomeFraud, start))[0]
	again := outcome("a", fraud.OutcomeFraud, start.Add(999))
	again.ReportedBy = "somebody else"
	for _, r := range report(t, s, again, again) {
		equal(t, "answer", r, first)
	}
	record(t, s, payment("b"))
	other := outcome("b", fraud.OutcomeFraud, start)
	repeat := other
	repeat.ReportedBy = "somebody else"
	results := report(t, s, other, again, repeat)
	equal(t, "that of another transaction is another", results[0].Outcome.TransactionID, "b")
	equal(t, "repeated in a call", results[1:], []fraud.OutcomeResult{first, results[0]})
	for name, change := range map[string]func(*fraud.Outcome){
		"label":        func(o *fraud.Outcome) { o.Label = fraud.OutcomeLegitimate },
		"source":       func(o *fraud.Outcome) { o.Source = fraud.SourceCustomer },
		"time":         func(o *fraud.Outcome) { o.OccurredAt = start.Add(time.Microsecond) },
		"earlier note": func(o *fraud.Outcome) { o.Note = "Seen" },
		"later note":   func(o *fraud.Outcome) { o.Note = "seen again" },
		"empty note":   func(o *fraud.Outcome) { o.Note = "" },
	} {
		other := again
		change(&other)
		got := report(t, s, other)[0].Outcome
		other.OccurredAt, other.ReportedAt = other.OccurredAt.Truncate(time.Microsecond), got.ReportedAt
		equal(t, "with another "+name, got, other)
	}
}

func testManyOutcomes(t *testing.T, s fraud.Store) {
	const n = 456
	var transactions []fraud.Transaction
	var outcomes []fraud.Outcome
	for i := range n {
		id := fmt.Sprint(i % (n - 10)) // the last ones repeat the first
		transactions = append(transactions, payment(id))
		outcomes = append(outcomes, outcome(id, fraud.OutcomeFraud, start))
	}
	record(t, s, transactions...)
	some := report(t, s, outcomes[100:300]...)
	all := report(t, s, outcomes...)
	equal(t, "those from before", all[100:300], some)
	equal(t, "the repeated", all[n-10:], all[:10])
	for i, r := range all {
		equal(t, "transaction", r.Outcome.TransactionID, outcomes[i].TransactionID)
	}
	equal(t, "again", report(t, s, outcomes...), all)
}
