package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testRecordAssessments(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("what is recorded first stands", func(t *testing.T) { testFirstStands(t, open(t)) })
	t.Run("each version of the model has its own", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"))
		known := find(t, s, "a")[0]
		for _, version := range []string{"v1", "V1", "v1.", "v2"} {
			equal(t, version, assess(t, s, assessment(known, version, 0.5))[0].FromRecord, false)
		}
	})
	t.Run("values come back to the bit", func(t *testing.T) { testAssessmentValues(t, open(t)) })
	t.Run("an unknown threshold comes back unknown", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"), payment("b"))
		for _, known := range find(t, s, "a", "b") {
			a := assessment(known, "v1", 0.5)
			a.Threshold = math.NaN()
			equal(t, "first", assess(t, s, a)[0], a)
			equal(t, "again", assess(t, s, a)[0], fromRecord(a))
			equal(t, "found", lookUp(t, s, "v1", known.ID)[0].Assessment, new(fromRecord(a)))
		}
	})
	t.Run("a transaction that is not recorded fails the call", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"))
		known := find(t, s, "a")[0]
		_, err := s.RecordAssessments(t.Context(), []fraud.Assessment{
			assessment(known, "v1", 0.5), assessment(fraud.Recorded{Seq: known.Seq + 1}, "v1", 0.5)})
		if err == nil {
			t.Error("no error")
		}
		equal(t, "nothing of the call", lookUp(t, s, "v1", "a")[0].Assessment, nil)
	})
	t.Run("a large call is one call", func(t *testing.T) { testManyAssessments(t, open(t)) })
}

func testFirstStands(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"), payment("b"), payment("c"))
	known := find(t, s, "a", "b", "c")
	first := []fraud.Assessment{assessment(known[0], "v1", 0.25), assessment(known[1], "v1", 0.75)}
	equal(t, "first", assess(t, s, first...), first)

	other := assessment(known[1], "v1", 0.99)
	other.Label, other.Threshold, other.AssessedBy = false, 0.1, "somebody else"
	other.AssessedAt = other.AssessedAt.Add(time.Hour)
	fresh := assessment(known[2], "v1", 0.5)
	stand := []fraud.Assessment{fromRecord(first[1]), fresh, fromRecord(first[0])}
	equal(t, "again", assess(t, s, other, fresh, first[0]), stand)
	equal(t, "found", lookUp(t, s, "v1", "b")[0].Assessment, &stand[0])
}

func testAssessmentValues(t *testing.T, s fraud.Store) {
	tenth := 0.1
	for i, probability := range []float64{0, 1, math.Nextafter(0, 1), math.Nextafter(1, 0), tenth,
		math.Nextafter(tenth, 0), math.Nextafter(tenth, 1), 1.0 / 3, 0.30000000000000004, 0.123456789012345678} {
		id := fmt.Sprint(i)
		record(t, s, payment(id))
		a := assessment(find(t, s, id)[0], "v1", probability)
		a.Label, a.Threshold = i%2 == 0, math.Nextafter(probability, 0.5)
		a.AssessedAt = start.Add(time.Duration(i) * 1_000_100).In(time.FixedZone("west", -3600))

		want := a // as recorded: whole microseconds, in UTC
		want.AssessedAt = start.Add(time.Duration(i) * 1_000_100).Truncate(time.Microsecond)
		equal(t, "stands", assess(t, s, a)[0], want)
		found := lookUp(t, s, "v1", id)[0].Assessment
		equal(t, "found", found, new(fromRecord(want)))
		equal(t, "threshold", found.Threshold, want.Threshold)
	}
}

func testManyAssessments(t *testing.T, s fraud.Store) {
	const n = 456
	var transactions []fraud.Transaction
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint(i))
		transactions = append(transactions, payment(ids[i]))
	}
	record(t, s, transactions...)
	var all []fraud.Assessment
	for i, known := range find(t, s, ids...) {
		all = append(all, assessment(known, "v1", float64(i)/n))
	}
	for i, a := range assess(t, s, all[100:300]...) {
		equal(t, "some", a, all[100+i])
	}
	for i, a := range assess(t, s, all...) {
		want := all[i]
		want.FromRecord = i >= 100 && i < 300
		equal(t, "all", a, want)
	}
}
