package sqlite

import (
	"context"
	"fmt"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// Summarize implements fraud.Summaries.
func (s *Store) Summarize(ctx context.Context, buckets fraud.Buckets) ([]fraud.Bucket, error) {
	sums, err := reckon.NewSums(buckets)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	var left reckon.Tail
	err = s.snapshot(ctx, "summarize assessments", func(c *engine.Conn) error {
		if left, err = readTail(c); err != nil {
			return err
		}
		if err := addRollup(c, sums); err != nil {
			return err
		}
		if err := eachMove(c, left.Folded.Outcome, left.End.Outcome, left.Folded.Assessment, sums.Add); err != nil {
			return err
		}
		return eachAssessment(c, left.Folded.Assessment, left.End.Assessment, left.End.Outcome, sums.Add)
	})
	if err != nil {
		return nil, err
	}
	s.folding.Look(left)
	return sums.Result(), nil
}

// addRollup adds what is folded, by whole hours if the buckets are of these.
func addRollup(c *engine.Conn, s *reckon.Sums) error {
	of := byMinute
	if s.Hourly() {
		of = byHour
	}
	first, end := s.Span(of.minutes)
	return of.addTo(c, first, end, func(start int64) *reckon.Counts { return s.Of(start, of.minutes) })
}
