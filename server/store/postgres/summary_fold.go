package postgres

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// resumeFolding goes on where others left it.
func (s *Store) resumeFolding(ctx context.Context) error {
	return s.view(ctx, "see what summaries have to count", func(c *conn) error {
		left, err := readTail(c)
		s.folding.Look(left)
		return err
	})
}

// foldStep folds one step. What to write is made ready while others write: counts
// change only as the marks move, so that it holds if they have not.
func (s *Store) foldStep(ctx context.Context) (again bool, err error) {
	return s.foldBy(ctx, s.folding.Stride)
}

func (s *Store) foldBy(ctx context.Context, stride reckon.Marks) (again bool, err error) {
	var from, to reckon.Marks
	var minutes, hours []reckon.Packed
	err = s.snapshot(ctx, "find what summaries have to count", func(c *conn) error {
		left, err := readTail(c)
		if err != nil {
			return err
		}
		from = left.Folded
		if to, again = left.Step(stride); !again {
			return nil
		}
		found := make(reckon.Changes)
		if err := eachMove(c, from.Outcome, to.Outcome, from.Assessment, found.Add); err != nil {
			return err
		}
		if err := eachAssessment(c, from.Assessment, to.Assessment, to.Outcome, found.Add); err != nil {
			return err
		}
		if minutes, err = byMinute.with(c, found); err != nil {
			return err
		}
		hours, err = byHour.with(c, found)
		return err
	})
	if err != nil || !again {
		return false, err
	}
	err = s.update(ctx, "write what summaries count", func(c *conn) error { return writeFolded(c, from, to, minutes, hours) })
	return err == nil, err
}

const moveMarksSQL = `
	UPDATE summary_marks SET assessment_seq = $1, outcome_seq = $2 WHERE assessment_seq = $3 AND outcome_seq = $4 RETURNING one`

// writeFolded writes, if the marks are still where they are moved from: else
// another gateway has done it.
func writeFolded(c *conn, from, to reckon.Marks, minutes, hours []reckon.Packed) error {
	var first, last statements
	moved := false
	first.add(beginSQL, nil)
	first.add(moveMarksSQL, func(*row) { moved = true }, to.Assessment, to.Outcome, from.Assessment, from.Outcome)
	if err := first.run(c); err != nil {
		return err
	}
	if !moved {
		return each(c, rollbackSQL, nil)
	}
	byMinute.save(&last, minutes)
	byHour.save(&last, hours)
	last.add(commitSQL, nil)
	return last.run(c)
}
