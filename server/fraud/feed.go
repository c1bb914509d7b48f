package fraud

import "context"

// Feed tells what was recorded, in the order it was. Assessments and outcomes
// are numbered apart, each from 1 on, and a number is seen only once all smaller
// ones are: who has read up to one has missed nothing.
type Feed interface {
	// FeedEnd returns how far the record goes.
	FeedEnd(ctx context.Context) (Position, error)
	// FeedAssessments returns the first assessments in span that q lets through,
	// at most limit, in order of recording. Of q it heeds what narrows, not order,
	// limit or place.
	FeedAssessments(ctx context.Context, q Query, span Span, limit int) ([]FeedAssessment, error)
	// FeedNewest returns the last such, in order of recording too, and counts all.
	FeedNewest(ctx context.Context, q Query, span Span, limit int) (FeedNewest, error)
	// FeedOutcomes returns the first reports in span, at most limit, in order of
	// recording.
	FeedOutcomes(ctx context.Context, span Span, limit int) ([]FeedOutcome, error)
}

// Announcer is a store that tells when to look at its feed. One that does not is
// looked at all the time.
type Announcer interface {
	// Recorded has a value once something may have been recorded, by whichever
	// process, since one was last received. There is one receiver.
	Recorded() <-chan struct{}
}

// Position is a place in the feed: the numbers of the last assessment and of the
// last outcome before it. The zero value is its beginning.
type Position struct{ Assessment, Outcome int64 }

// Span is what has numbers above After and not above UpTo.
type Span struct{ After, UpTo int64 }

// FeedAssessment is an assessment with its number.
type FeedAssessment struct {
	Seq int64
	Listed
}

// FeedOutcome is a report with its number.
type FeedOutcome struct {
	Seq int64
	Outcome
}

// FeedNewest are the last of many assessments.
type FeedNewest struct {
	Items   []FeedAssessment
	All     int64 // how many there are, these included
	Flagged int64 // how many of all have Label
}
