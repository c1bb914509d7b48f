package rpc

import (
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestBucketsAreWholeMinutesOrHours(t *testing.T) {
	clock := func(text string) time.Time {
		at, err := time.Parse("2006-01-02 15:04:05.999999999", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct {
		name     string
		from, to string
		most     int64
		first    string
		minutes  int64
		number   int
	}{
		{"an hour by minutes", "2026-03-01 12:00:00", "2026-03-01 13:00:00", 60, "2026-03-01 12:00:00", 1, 60},
		{"a minute is the least", "2026-03-01 12:00:00", "2026-03-01 12:05:00", 1000, "2026-03-01 12:00:00", 1, 5},
		{"a part of a minute is one", "2026-03-01 12:00:10", "2026-03-01 12:00:20", 7, "2026-03-01 12:00:00", 1, 1},
		{"a nanosecond belongs to the next minute", "2026-03-01 12:00:00", "2026-03-01 12:01:00.000000001", 7, "2026-03-01 12:00:00", 1, 2},
		{"rounding down needs one more: they are wider", "2026-03-01 12:00:30", "2026-03-01 13:00:30", 60, "2026-03-01 12:00:00", 2, 31},
		{"what does not divide is rounded up", "2026-03-01 12:00:00", "2026-03-01 12:10:00", 3, "2026-03-01 12:00:00", 4, 3},
		{"rounding up needs fewer", "2026-03-01 12:00:00", "2026-03-01 12:10:00", 9, "2026-03-01 12:00:00", 2, 5},
		{"a day by 15 minutes", "2026-03-01 00:00:00", "2026-03-02 00:00:00", 96, "2026-03-01 00:00:00", 15, 96},
		{"59 minutes are no hour", "2026-03-01 12:10:00", "2026-03-01 13:09:00", 1, "2026-03-01 12:10:00", 59, 1},
		{"an hour begins with one, and may take another", "2026-03-01 12:10:00", "2026-03-01 13:10:00", 1, "2026-03-01 12:00:00", 120, 1},
		{"more than an hour is whole ones", "2026-03-01 12:00:00", "2026-03-01 15:00:00", 2, "2026-03-01 12:00:00", 120, 2},
		{"30 days by 12 hours", "2026-03-01 00:00:00", "2026-03-31 00:00:00", 60, "2026-03-01 00:00:00", 720, 60},
		{"30 days from any moment", "2026-03-01 07:08:09", "2026-03-31 07:08:09", 60, "2026-03-01 07:00:00", 780, 56},
		{"all time at once", "1970-01-01 00:00:00", "9999-12-31 23:59:59", 1, "1970-01-01 00:00:00", 2932897 * 24 * 60, 1},
	} {
		got := divide(clock(test.from), clock(test.to), test.most)
		want := fraud.Buckets{From: clock(test.first), Minutes: test.minutes, Number: test.number}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, want)
		}
	}
}

func TestBucketsCoverWhatIsAskedAndAreNoMore(t *testing.T) {
	for range 20_000 {
		from := time.Unix(rand.Int64N(1<<rand.IntN(37)), rand.Int64N(2)*rand.Int64N(1e9)).UTC()
		to := from.Add(1 + time.Duration(rand.Int64N(1<<(20+rand.IntN(42)))))
		most := 1 + rand.Int64N(1000)
		b := divide(from, to, most)
		unit := time.Minute
		if b.Minutes >= 60 {
			unit = time.Hour
		}
		width := time.Duration(b.Minutes) * time.Minute
		last := b.From.Add(time.Duration(b.Number-1) * width)
		if b.Number < 1 || int64(b.Number) > most || b.From != from.Truncate(unit) || width%unit != 0 ||
			!last.Before(to) || last.Add(width).Before(to) {
			t.Fatalf("from %v to %v, at most %d: %+v", from, to, most, b)
		}
		// No narrower ones would do.
		if narrower := width - unit; narrower >= unit && b.From.Add(time.Duration(most)*narrower).Compare(to) >= 0 {
			t.Fatalf("from %v to %v, at most %d: %+v, and narrower ones would do", from, to, most, b)
		}
	}
}

func TestASummaryShowsEachBucketAndAllTogether(t *testing.T) {
	counted := []fraud.Bucket{{Assessed: 5, Flagged: 4, Frauds: 3, Legitimates: 2, FlaggedFrauds: 2, FlaggedLegitimates: 1}, {}, {Assessed: 2}}
	counted[0].Histogram[0], counted[0].Histogram[19], counted[2].Histogram[19] = 4, 1, 2
	got := fromBuckets(fraud.Buckets{From: time.Unix(1_700_000_040, 0), Minutes: 2, Number: 3}, counted)
	histogram := func(first, last int64) []int64 {
		h := make([]int64, 20)
		h[0], h[19] = first, last
		return h
	}
	want := &fraudactivityv1.SummarizeFraudActivityResponse{
		Buckets: []*fraudactivityv1.SummarizeFraudActivityResponse_Bucket{
			{Start: &timestamppb.Timestamp{Seconds: 1_700_000_040}, Assessed: 5, Flagged: 4, OutcomeFraud: 3, OutcomeLegitimate: 2,
				FlaggedOutcomeFraud: 2, FlaggedOutcomeLegitimate: 1, ProbabilityHistogram: histogram(4, 1)},
			{Start: &timestamppb.Timestamp{Seconds: 1_700_000_160}},
			{Start: &timestamppb.Timestamp{Seconds: 1_700_000_280}, Assessed: 2, ProbabilityHistogram: histogram(0, 2)},
		},
		ProbabilityHistogram: histogram(4, 3), BucketWidth: durationpb.New(2 * time.Minute),
	}
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestABucketOfAllTimeHasAWidthThatIsValid(t *testing.T) {
	all := divide(time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 1)
	width := fromBuckets(all, make([]fraud.Bucket, 1)).BucketWidth
	if err := width.CheckValid(); err != nil || width.Seconds != 253402300800 {
		t.Errorf("%v, %v", width, err)
	}
}
