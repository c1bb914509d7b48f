package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testLive(t *testing.T, open func(t *testing.T) fraud.Store) {
	const bad, good, withdrawn = fraud.OutcomeFraud, fraud.OutcomeLegitimate, fraud.OutcomeWithdrawn
	hours := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	// v1 scores a 0.75, b 0.5 and c 0.25; v2 scores a alone. From 0.5 on is flagged.
	fraudA := fraud.Live{Rows: 1, Frauds: 1, Flagged: 1, FlaggedFrauds: 1, SquaredGaps: 0.0625, Calibration: bins(one{0.75, 1})}
	legitimateA := fraud.Live{Rows: 1, Flagged: 1, SquaredGaps: 0.5625, Calibration: bins(one{0.75, 0})}
	for _, test := range []struct {
		name    string
		reports []fraud.Outcome // each arrives alone
		window  int
		want    fraud.Live
	}{
		{"no outcomes: nothing", nil, 9, fraud.Live{}},
		{"not assessed by this version: nothing", []fraud.Outcome{outcome("d", bad, start)}, 9, fraud.Live{}},
		{"one", []fraud.Outcome{outcome("a", bad, start)}, 9, fraudA},
		{"a fraud that was missed", []fraud.Outcome{outcome("c", bad, start)}, 9,
			fraud.Live{Rows: 1, Frauds: 1, SquaredGaps: 0.5625, Calibration: bins(one{0.25, 1})}},
		{"several", []fraud.Outcome{outcome("a", bad, start), outcome("b", good, start), outcome("c", good, start), outcome("d", good, start)}, 9,
			fraud.Live{Rows: 3, Frauds: 1, Flagged: 2, FlaggedFrauds: 1, SquaredGaps: 0.0625 + 0.25 + 0.0625,
				Calibration: bins(one{0.75, 1}, one{0.5, 0}, one{0.25, 0})}},
		{"relabelled: the newest stands, once", []fraud.Outcome{outcome("a", good, hours(1)), outcome("a", bad, hours(2))}, 9, fraudA},
		{"an older one that comes late does not stand", []fraud.Outcome{outcome("a", good, hours(2)), outcome("a", bad, hours(1))}, 9, legitimateA},
		{"of equally new ones the last to arrive stands", []fraud.Outcome{outcome("a", good, hours(1)), outcome("a", bad, hours(1))}, 9, fraudA},
		{"only the newest to arrive are looked at", []fraud.Outcome{outcome("c", good, hours(3)), outcome("b", good, hours(2)), outcome("a", bad, hours(1))}, 1, fraudA},
		{"those that do not stand are looked at too", []fraud.Outcome{outcome("c", good, start), outcome("a", good, hours(1)), outcome("a", bad, hours(2))}, 2, fraudA},
		{"withdrawn: nothing", []fraud.Outcome{outcome("a", bad, start), outcome("a", withdrawn, hours(1))}, 9, fraud.Live{}},
		{"a withdrawal that is older withdraws nothing", []fraud.Outcome{outcome("a", withdrawn, start), outcome("a", bad, hours(1))}, 9, fraudA},
		{"withdrawals are looked at too", []fraud.Outcome{outcome("a", bad, start), outcome("b", withdrawn, start)}, 1, fraud.Live{}},
		{"one that stands over later ones has gone by", []fraud.Outcome{outcome("a", good, hours(2)), outcome("a", bad, hours(1))}, 1, fraud.Live{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			record(t, s, payment("a"), payment("b"), payment("c"), payment("d"))
			known := find(t, s, "a", "b", "c")
			assess(t, s, assessment(known[0], "v1", 0.75), assessment(known[1], "v1", 0.5), assessment(known[2], "v1", 0.25),
				assessment(known[0], "v2", 0))
			for _, o := range test.reports {
				report(t, s, o)
			}
			equal(t, "live", live(t, s, "v1", test.window), test.want)
		})
	}
	t.Run("each version has its own", func(t *testing.T) { testLiveVersions(t, open(t)) })
	t.Run("bins are closed below, and the last one above", func(t *testing.T) { testLiveBins(t, open(t)) })
}

func live(t *testing.T, s fraud.Store, version string, outcomes int) fraud.Live {
	t.Helper()
	found, err := s.Live(t.Context(), version, outcomes)
	if err != nil {
		t.Fatalf("Live(%q, %d): %v", version, outcomes, err)
	}
	return found
}

// one is a bin with a single row.
type one struct{ probability, truth float64 }

// bins are ten, empty but for those of the rows.
func bins(rows ...one) []fraud.CalibrationBin {
	bins := make([]fraud.CalibrationBin, 10)
	for i := range bins {
		bins[i].From, bins[i].To = float64(i)/10, float64(i+1)/10
	}
	for _, r := range rows {
		b := &bins[int(r.probability*10)]
		b.Rows, b.MeanProbability, b.FraudRate = 1, r.probability, r.truth
	}
	return bins
}

func testLiveVersions(t *testing.T, s fraud.Store) {
	record(t, s, payment("a"))
	known := find(t, s, "a")[0]
	assess(t, s, assessment(known, "v1", 0.25), assessment(known, "v2", 0.75))
	report(t, s, outcome("a", fraud.OutcomeFraud, start))
	for version, want := range map[string]fraud.Live{
		"v1": {Rows: 1, Frauds: 1, SquaredGaps: 0.5625, Calibration: bins(one{0.25, 1})},
		"v2": {Rows: 1, Frauds: 1, Flagged: 1, FlaggedFrauds: 1, SquaredGaps: 0.0625, Calibration: bins(one{0.75, 1})},
		"V1": {}, "v": {}, "": {},
	} {
		equal(t, version, live(t, s, version, 9), want)
	}
}

func testLiveBins(t *testing.T, s fraud.Store) {
	for i, c := range []struct {
		probability float64
		bin         int
	}{
		{0, 0}, {math.Nextafter(0, 1), 0}, {math.Nextafter(0.1, 0), 0}, {0.1, 1}, {0.2, 2}, {0.3, 3}, {0.5, 5}, {0.6, 6}, {0.7, 7},
		{0.8, 8}, {0.9, 9}, {math.Nextafter(1, 0), 9}, {1, 9},
	} {
		id, version := fmt.Sprint(i), fmt.Sprint("v", i)
		record(t, s, payment(id))
		assess(t, s, assessment(find(t, s, id)[0], version, c.probability))
		report(t, s, outcome(id, fraud.OutcomeFraud, start))
		want := make([]int64, 10)
		want[c.bin] = 1
		var got []int64
		for _, b := range live(t, s, version, 99).Calibration {
			got = append(got, b.Rows)
		}
		equal(t, fmt.Sprint("bins of ", c.probability), got, want)
	}
}
