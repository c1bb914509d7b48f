package storetest

import (
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testLookUp(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("answers stand in the order of the IDs", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("b"), payment("c"))
		for i, r := range lookUp(t, s, "v1", "c", "a", "b") {
			equal(t, "ID", r.Transaction.ID, []string{"c", "a", "b"}[i])
		}
	})
	t.Run("an ID may stand twice", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("b"))
		for i, r := range lookUp(t, s, "v1", "a", "b", "a", "a") {
			equal(t, "ID", r.Transaction.ID, []string{"a", "b", "a", "a"}[i])
		}
	})
	t.Run("an unknown ID fails alone", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"))
		for i, r := range lookUp(t, s, "v1", "nobody", "a", "A", "") {
			if i == 1 {
				equal(t, "error of the known one", r.Err, nil)
				continue
			}
			equal(t, "reason", fraud.ReasonOf(r.Err), fraud.ReasonTransactionUnknown)
			equal(t, "transaction", r.Transaction, fraud.Recorded{})
		}
	})
	t.Run("a text that is not an ID finds nothing and breaks nothing", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("1"))
		for _, r := range lookUp(t, s, "v1", notIDs...) {
			equal(t, "reason", fraud.ReasonOf(r.Err), fraud.ReasonTransactionUnknown)
		}
	})
	t.Run("only what this version said is found", func(t *testing.T) { testVersions(t, open(t)) })
	t.Run("what was just recorded is found", func(t *testing.T) {
		s := open(t)
		for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			record(t, s, payment(id))
			a := assess(t, s, assessment(find(t, s, id)[0], "v1", 0.25))[0]
			for range 4 {
				equal(t, id, lookUp(t, s, "v1", id)[0].Assessment, new(fromRecord(a)))
			}
		}
	})
}

// notIDs resemble the IDs a and 1.
var notIDs = []string{`a"`, `a'--`, `["a"]`, "a\x00", "é", "\\u0061", "%", "1.0", " a", "a ", ""}

func testVersions(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"), payment("b"))
	known := find(t, s, "a", "b")
	first := assess(t, s, assessment(known[0], "v1", 0.25), assessment(known[1], "v1", 0.75), assessment(known[0], "v2", 0.9))
	for _, test := range []struct {
		version string
		a, b    *fraud.Assessment
	}{
		{"v1", new(fromRecord(first[0])), new(fromRecord(first[1]))},
		{"v2", new(fromRecord(first[2])), nil},
		{"V1", nil, nil},
		{"v1 ", nil, nil},
		{"", nil, nil},
	} {
		found := lookUp(t, s, test.version, "a", "b")
		equal(t, test.version+" on a", found[0].Assessment, test.a)
		equal(t, test.version+" on b", found[1].Assessment, test.b)
		equal(t, "transaction a", found[0].Transaction, known[0])
	}
}
