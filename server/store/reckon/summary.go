package reckon

import (
	"fmt"
	"math"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// MicrosPerMinute is how long a minute is in a store's times.
const MicrosPerMinute = int64(time.Minute / time.Microsecond)

// Counter is told that, of the assessments made at a time, n more are of a cell.
type Counter func(at int64, of Cell, n int64)

// Sums are the counts of a summary's buckets.
type Sums struct {
	first, end, minutes int64 // since the epoch, and of each bucket
	buckets             []Counts
}

// NewSums refuses buckets that cannot be counted.
func NewSums(b fraud.Buckets) (*Sums, error) {
	first := b.From.Unix() / 60
	switch {
	case b.From.Unix() < 0 || !b.From.Equal(time.Unix(first*60, 0)):
		return nil, fmt.Errorf("summarize: from %v: must be a whole minute from 1970 on", b.From)
	case b.Minutes < 1 || b.Number < 1 || b.Minutes > (math.MaxInt64-first)/int64(b.Number):
		return nil, fmt.Errorf("summarize: %d buckets of %d minutes: must be at least 1 of at least 1, and end in time", b.Number, b.Minutes)
	}
	return &Sums{first, first + b.Minutes*int64(b.Number), b.Minutes, make([]Counts, b.Number)}, nil
}

// Hourly tells whether the buckets are of whole hours.
func (s *Sums) Hourly() bool { return s.first%60 == 0 && s.minutes%60 == 0 }

// Span is where the buckets begin and end, in spans of so many minutes.
func (s *Sums) Span(minutes int64) (first, end int64) { return s.first / minutes, s.end / minutes }

// Of is the counts that a span of so many minutes belongs to.
func (s *Sums) Of(start, minutes int64) *Counts {
	return &s.buckets[(start*minutes-s.first)/s.minutes]
}

// Add is a Counter.
func (s *Sums) Add(at int64, of Cell, n int64) {
	if minute := at / MicrosPerMinute; minute >= s.first && minute < s.end {
		s.buckets[(minute-s.first)/s.minutes][of] += n
	}
}

// Result is what was counted.
func (s *Sums) Result() []fraud.Bucket {
	result := make([]fraud.Bucket, len(s.buckets))
	for i := range s.buckets {
		result[i] = s.buckets[i].Bucket()
	}
	return result
}
