package sqlite

import (
	"context"
	"fmt"
	"math"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const microsPerMinute = int64(time.Minute / time.Microsecond)

// Summarize implements fraud.Summaries.
func (s *Store) Summarize(ctx context.Context, buckets fraud.Buckets) ([]fraud.Bucket, error) {
	sums, err := newSums(buckets)
	if err != nil {
		return nil, err
	}
	var left tail
	err = s.snapshot(ctx, "summarize assessments", func(c *engine.Conn) error {
		if left, err = readTail(c); err != nil {
			return err
		}
		if err := sums.addRollup(c); err != nil {
			return err
		}
		if err := eachMove(c, left.folded.outcome, left.end.outcome, left.folded.assessment, sums.add); err != nil {
			return err
		}
		return eachAssessment(c, left.folded.assessment, left.end.assessment, left.end.outcome, sums.add)
	})
	if err != nil {
		return nil, err
	}
	if _, due := left.step(s.folding.stride); due {
		s.startFolding()
	}
	return sums.result(), nil
}

// sums are the counts of buckets.
type sums struct {
	first, end, minutes int64 // since the epoch, and of each bucket
	buckets             []counts
}

func newSums(b fraud.Buckets) (*sums, error) {
	first := b.From.Unix() / 60
	switch {
	case b.From.Unix() < 0 || !b.From.Equal(time.Unix(first*60, 0)):
		return nil, fmt.Errorf("sqlite: summarize: from %v: must be a whole minute from 1970 on", b.From)
	case b.Minutes < 1 || b.Number < 1 || b.Minutes > (math.MaxInt64-first)/int64(b.Number):
		return nil, fmt.Errorf("sqlite: summarize: %d buckets of %d minutes: must be at least 1 of at least 1, and end in time", b.Number, b.Minutes)
	}
	return &sums{first, first + b.Minutes*int64(b.Number), b.Minutes, make([]counts, b.Number)}, nil
}

// addRollup adds what is folded, by whole hours if the buckets are of these.
func (s *sums) addRollup(c *engine.Conn) error {
	of := byMinute
	if s.first%60 == 0 && s.minutes%60 == 0 {
		of = byHour
	}
	return of.addTo(c, s.first/of.minutes, s.end/of.minutes, func(start int64) *counts {
		return &s.buckets[(start*of.minutes-s.first)/s.minutes]
	})
}

// add is a counter.
func (s *sums) add(at int64, of cell, n int64) {
	if minute := at / microsPerMinute; minute >= s.first && minute < s.end {
		s.buckets[(minute-s.first)/s.minutes][of] += n
	}
}

func (s *sums) result() []fraud.Bucket {
	result := make([]fraud.Bucket, len(s.buckets))
	for i := range s.buckets {
		result[i] = s.buckets[i].bucket()
	}
	return result
}
