package fraud

import (
	"context"
	"time"
)

// Summaries counts assessments over time.
type Summaries interface {
	// Summarize counts what was assessed within each of the buckets, in their
	// order. A bucket counts all within itself, by when the assessments were made,
	// and by the outcomes that stand at the time of the call. Everything committed
	// before the call counts, whichever process wrote it.
	Summarize(ctx context.Context, buckets Buckets) ([]Bucket, error)
}

// Buckets divides a time into equal spans without a gap. Those that begin and end
// with whole hours are the cheapest to count.
type Buckets struct {
	From    time.Time // a whole minute, from 1970 on
	Minutes int64     // how long each is, at least 1
	Number  int       // at least 1
}

// HistogramBins is how many bins of equal width a histogram of probabilities has.
const HistogramBins = 20

// Bucket counts the assessments of one span of time.
type Bucket struct {
	Assessed           int64
	Flagged            int64 // those with Label
	Frauds             int64 // those whose transaction's outcome is fraud
	Legitimates        int64 // those whose transaction's outcome is legitimate
	FlaggedFrauds      int64
	FlaggedLegitimates int64
	// Histogram has the assessments by probability: one belongs to the bin whose
	// number is the whole part of probability × HistogramBins, and to the last one
	// where that is HistogramBins.
	Histogram [HistogramBins]int64
}
