package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testSummary(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("what came true counts by the outcome that stands", func(t *testing.T) { testSummaryOutcomes(t, open(t)) })
	t.Run("bins are closed below, and the last one above", func(t *testing.T) { testSummaryBins(t, open(t)) })
	t.Run("a bucket has its beginning and not its end", func(t *testing.T) { testSummaryEdges(t, open(t)) })
	t.Run("any year will do", func(t *testing.T) { testSummaryYears(t, open(t)) })
	t.Run("an empty store has empty buckets", func(t *testing.T) {
		equal(t, "buckets", summarize(t, open(t), fraud.Buckets{From: start, Minutes: 7, Number: 3}), make([]fraud.Bucket, 3))
	})
	t.Run("what is no division of time is refused", func(t *testing.T) {
		s := open(t)
		for name, b := range map[string]fraud.Buckets{
			"half a minute":    {From: start.Add(30 * time.Second), Minutes: 1, Number: 1},
			"a microsecond":    {From: start.Add(time.Microsecond), Minutes: 1, Number: 1},
			"before 1970":      {From: time.Unix(-60, 0), Minutes: 1, Number: 1},
			"no time at all":   {Minutes: 1, Number: 1},
			"no length":        {From: start, Number: 1},
			"no bucket":        {From: start, Minutes: 1},
			"no end":           {From: start, Minutes: math.MaxInt64, Number: 1},
			"no end together":  {From: start, Minutes: math.MaxInt64 / 2, Number: 3},
			"a negative width": {From: start, Minutes: -1, Number: 1},
		} {
			if _, err := s.Summarize(t.Context(), b); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
	t.Run("few calls of few agree with going through all", func(t *testing.T) { testSummaryAgrees(t, open(t), 40, 40, 5) })
	t.Run("thousands agree with going through all", func(t *testing.T) { testSummaryAgrees(t, open(t), 2_000, 10, 600) })
	t.Run("what is written meanwhile counts once, and at once", func(t *testing.T) { testSummaryMeanwhile(t, open(t)) })
}

func summarize(t *testing.T, s fraud.Store, buckets fraud.Buckets) []fraud.Bucket {
	t.Helper()
	found, err := s.Summarize(t.Context(), buckets)
	if err != nil {
		t.Fatalf("Summarize(%+v): %v", buckets, err)
	}
	return found
}

func testSummaryOutcomes(t *testing.T, s fraud.Store) {
	const bad, good, withdrawn = fraud.OutcomeFraud, fraud.OutcomeLegitimate, fraud.OutcomeWithdrawn
	hours := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	none := fraud.Bucket{Assessed: 2, Flagged: 1} // 0.75 is flagged, and 0.25 is not
	none.Histogram[5], none.Histogram[15] = 1, 1
	frauds, legitimates := none, none
	frauds.Frauds, frauds.FlaggedFrauds = 2, 1
	legitimates.Legitimates, legitimates.FlaggedLegitimates = 2, 1
	day := 0
	for _, test := range []struct {
		name    string
		reports []fraud.Outcome
		want    fraud.Bucket
	}{
		{"none", nil, none},
		{"fraud", []fraud.Outcome{outcome("a", bad, start)}, frauds},
		{"legitimate", []fraud.Outcome{outcome("a", good, start)}, legitimates},
		{"that of another transaction", []fraud.Outcome{outcome("b", bad, start)}, none},
		{"the newest stands", []fraud.Outcome{outcome("a", good, hours(1)), outcome("a", bad, hours(2))}, frauds},
		{"the newest stands though it comes first", []fraud.Outcome{outcome("a", good, hours(2)), outcome("a", bad, hours(1))}, legitimates},
		{"of equally new ones the last to arrive stands", []fraud.Outcome{outcome("a", bad, start), outcome("a", good, start)}, legitimates},
		{"withdrawn: none", []fraud.Outcome{outcome("a", bad, start), outcome("a", withdrawn, hours(1))}, none},
		{"withdrawn before: it stands", []fraud.Outcome{outcome("a", withdrawn, start), outcome("a", bad, hours(1))}, frauds},
		{"withdrawn and reported again", []fraud.Outcome{outcome("a", bad, start), outcome("a", withdrawn, hours(1)), outcome("a", good, hours(2))}, legitimates},
	} {
		for order, assessFirst := range map[string]bool{"assessed before": true, "assessed after": false} {
			t.Run(test.name+", "+order, func(t *testing.T) {
				// Each has a day of its own.
				day++
				prefix := fmt.Sprint(day, ".")
				record(t, s, payment(prefix+"a"), payment(prefix+"b"))
				known := find(t, s, prefix+"a")[0]
				high, low := assessment(known, "v1", 0.75), assessment(known, "v2", 0.25)
				high.AssessedAt, low.AssessedAt = hours(24*day), hours(24*day)
				if assessFirst {
					assess(t, s, high, low)
				}
				for _, o := range test.reports {
					o.TransactionID = prefix + o.TransactionID
					report(t, s, o)
				}
				if !assessFirst {
					assess(t, s, high, low)
				}
				equal(t, "bucket", summarize(t, s, fraud.Buckets{From: hours(24 * day), Minutes: 60, Number: 1})[0], test.want)
			})
		}
	}
}

func testSummaryBins(t *testing.T, s fraud.Store) {
	var want [20]int64
	for i, c := range []struct {
		probability float64
		bin         int
	}{
		{0, 0}, {math.Nextafter(0, 1), 0}, {math.Nextafter(0.05, 0), 0}, {0.05, 1}, {0.1, 2}, {0.15, 3}, {0.25, 5}, {0.5, 10},
		{math.Nextafter(0.5, 0), 9}, {0.75, 15}, {0.95, 19}, {math.Nextafter(1, 0), 19}, {1, 19},
	} {
		id := fmt.Sprint(i)
		record(t, s, payment(id))
		assess(t, s, assessment(find(t, s, id)[0], "v1", c.probability))
		want[c.bin]++
		equal(t, fmt.Sprint("bins with ", c.probability), summarize(t, s, fraud.Buckets{From: start, Minutes: 120, Number: 1})[0].Histogram, want)
	}
}

func testSummaryEdges(t *testing.T, s fraud.Store) {
	for i, at := range []time.Duration{-1, 0, 59_999_999, 60_000_000, 119_999_999, 120_000_000, 179_999_999, 180_000_000} {
		id := fmt.Sprint(i)
		record(t, s, payment(id))
		a := assessment(find(t, s, id)[0], "v1", 0)
		a.AssessedAt = start.Add(at * time.Microsecond)
		assess(t, s, a)
	}
	for _, test := range []struct {
		minutes int64
		number  int
		want    []int64
	}{
		{1, 1, []int64{2}}, {1, 3, []int64{2, 2, 2}}, {2, 2, []int64{4, 3}}, {60, 1, []int64{7}}, {60, 2, []int64{7, 0}},
	} {
		var got []int64
		for _, b := range summarize(t, s, fraud.Buckets{From: start, Minutes: test.minutes, Number: test.number}) {
			got = append(got, b.Assessed)
		}
		equal(t, fmt.Sprintf("%d buckets of %d minutes", test.number, test.minutes), got, test.want)
	}
}

func testSummaryYears(t *testing.T, s fraud.Store) {
	for i, at := range []time.Time{time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
		id := fmt.Sprint(i)
		record(t, s, payment(id))
		a := assessment(find(t, s, id)[0], "v1", 0)
		a.AssessedAt = at
		assess(t, s, a)
		from := at.Truncate(time.Hour)
		for _, minutes := range []int64{1, 60} {
			b := fraud.Buckets{From: from, Minutes: minutes, Number: int(60 / minutes)}
			if i == 0 {
				equal(t, "first", summarize(t, s, b)[0].Assessed, 1)
			} else {
				equal(t, "last", summarize(t, s, b)[b.Number-1].Assessed, 1)
			}
		}
	}
	all := fraud.Buckets{From: time.Unix(0, 0), Minutes: 8030 * 366 * 24 * 60, Number: 1}
	equal(t, "all", summarize(t, s, all)[0].Assessed, 2)
}

// history is what was written, in order of arrival.
type history struct {
	assessments []fraud.Assessment
	reports     []fraud.Outcome
}

// summarize goes through all.
func (h *history) summarize(b fraud.Buckets) []fraud.Bucket {
	stands := map[string]fraud.Outcome{}
	for _, o := range h.reports {
		if before, ok := stands[o.TransactionID]; !ok || !o.OccurredAt.Before(before.OccurredAt) {
			stands[o.TransactionID] = o
		}
	}
	buckets := make([]fraud.Bucket, b.Number)
	for _, a := range h.assessments {
		since := a.AssessedAt.Sub(b.From)
		i := int64(since / (time.Duration(b.Minutes) * time.Minute))
		if since < 0 || i >= int64(b.Number) {
			continue
		}
		at := &buckets[i]
		at.Assessed++
		at.Histogram[min(int(a.Probability*20), 19)]++
		count := func(flagged, all *int64) {
			*all++
			if a.Label {
				*flagged++
			}
		}
		if a.Label {
			at.Flagged++
		}
		switch stands[a.Transaction.ID].Label {
		case fraud.OutcomeFraud:
			count(&at.FlaggedFrauds, &at.Frauds)
		case fraud.OutcomeLegitimate:
			count(&at.FlaggedLegitimates, &at.Legitimates)
		}
	}
	return buckets
}

// compare shows the first bucket that differs: one is enough to read.
func (h *history) compare(t *testing.T, s fraud.Store, b fraud.Buckets) {
	t.Helper()
	got, want := summarize(t, s, b), h.summarize(b)
	if len(got) != len(want) {
		t.Fatalf("%+v: %d buckets", b, len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("bucket %d of %+v:\n got %+v\nwant %+v", i, b, got[i], want[i])
		}
	}
}

// randomAssessments are of several versions, at times that go back and forth over
// some days. Some pairs come again from call to call.
func randomAssessments(random *rand.Rand, known []fraud.Recorded, n int) []fraud.Assessment {
	call := make([]fraud.Assessment, n)
	for i, k := range random.Perm(len(known))[:n] {
		call[i] = assessment(known[k], fmt.Sprint("v", random.IntN(4)), float64(random.IntN(41))/40)
		call[i].Label = random.IntN(3) == 0 // whatever the probability is
		call[i].AssessedAt = start.Add(time.Duration(random.Int64N(int64(4*24*time.Hour))) - 2*24*time.Hour).Truncate(time.Microsecond)
	}
	return call
}

// randomReports are of few times, so that some are equally new. Some come again.
func randomReports(random *rand.Rand, known []fraud.Recorded, n int) []fraud.Outcome {
	call := make([]fraud.Outcome, n)
	for i := range call {
		label, occurred := fraud.OutcomeLabel(1+random.IntN(3)), start.Add(time.Duration(random.IntN(4))*time.Hour)
		call[i] = outcome(known[random.IntN(len(known))].ID, label, occurred)
	}
	return call
}

func randomBuckets(random *rand.Rand) fraud.Buckets {
	minutes := func(n int) time.Duration { return time.Duration(random.IntN(n)-n/2) * time.Minute }
	switch random.IntN(3) {
	case 0: // hours
		return fraud.Buckets{From: start.Add(minutes(100) * 60), Minutes: int64(1+random.IntN(30)) * 60, Number: 1 + random.IntN(100)}
	case 1: // hours that do not begin with one
		return fraud.Buckets{From: start.Add(minutes(5000)), Minutes: int64(1+random.IntN(3)) * 60, Number: 1 + random.IntN(100)}
	default:
		return fraud.Buckets{From: start.Add(minutes(5000)), Minutes: int64(1 + random.IntN(100)), Number: 1 + random.IntN(1000)}
	}
}

// everything has one bucket for all that is random here.
var everything = fraud.Buckets{From: start.AddDate(0, 0, -3), Minutes: 6 * 24 * 60, Number: 1}

func testSummaryAgrees(t *testing.T, s fraud.Store, transactions, calls, size int) {
	random := rand.New(rand.NewPCG(uint64(transactions), 4))
	known := recordMany(t, s, transactions)
	var h history
	reported := map[fraud.Outcome]bool{}
	for range calls {
		for _, a := range assess(t, s, randomAssessments(random, known, size)...) {
			if !a.FromRecord {
				h.assessments = append(h.assessments, a)
			}
		}
		reports := randomReports(random, known, 1+random.IntN(size))
		report(t, s, reports...)
		for _, o := range reports {
			if !reported[o] {
				h.reports = append(h.reports, o)
			}
			reported[o] = true
		}
		for _, b := range []fraud.Buckets{randomBuckets(random), everything} {
			h.compare(t, s, b)
		}
	}
}

func recordMany(t *testing.T, s fraud.Store, n int) []fraud.Recorded {
	t.Helper()
	var ids []string
	var transactions []fraud.Transaction
	for i := range n {
		ids = append(ids, fmt.Sprint("t", i))
		transactions = append(transactions, at(ids[i], ids[i], 0))
	}
	record(t, s, transactions...)
	return find(t, s, ids...)
}

// testSummaryMeanwhile has some assess, some report and some summarize. Who
// summarizes finds all that was written before, and what all together wrote is
// there in the end.
func testSummaryMeanwhile(t *testing.T, s fraud.Store) {
	const calls, size = 6, 110
	known := recordMany(t, s, callers*calls*size)
	var mu sync.Mutex
	var h history
	_, err := together(func(caller int) (any, error) {
		random := rand.New(rand.NewPCG(uint64(caller), 5))
		own := known[caller*calls*size:][:calls*size] // so that the order of reports is that of a caller
		for call := range calls {
			assessments := randomAssessments(random, own[call*size:][:size], size)
			if _, err := s.RecordAssessments(t.Context(), assessments); err != nil {
				return nil, err
			}
			reports := randomReports(random, own, size)
			for i := range reports {
				reports[i].Note = fmt.Sprint(call, i) // each anew
			}
			if _, err := s.ReportOutcomes(t.Context(), reports); err != nil {
				return nil, err
			}
			mu.Lock()
			h.assessments, h.reports = append(h.assessments, assessments...), append(h.reports, reports...)
			written := int64(len(h.assessments))
			mu.Unlock()
			found, err := s.Summarize(t.Context(), everything)
			if err != nil {
				return nil, err
			}
			if found[0].Assessed < written {
				t.Errorf("%d assessments found of at least %d", found[0].Assessed, written)
			}
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []fraud.Buckets{everything, {From: start.AddDate(0, 0, -3), Minutes: 9, Number: 960}} {
		h.compare(t, s, b)
	}
}
