package sqlite

import (
	"context"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

// resumeFolding goes on where a store was closed, or left behind by a version that
// did not count.
func (s *Store) resumeFolding(ctx context.Context) error {
	return s.view(ctx, "see what summaries have to count", func(c *engine.Conn) error {
		left, err := readTail(c)
		s.folding.Look(left)
		return err
	})
}

// foldStep folds one step. What to write is made ready while others write: counts
// change only as the marks move, so that it holds if they have not.
func (s *Store) foldStep(ctx context.Context) (again bool, err error) {
	var from, to reckon.Marks
	var minutes, hours []reckon.Packed
	err = s.snapshot(ctx, "find what summaries have to count", func(c *engine.Conn) error {
		left, err := readTail(c)
		if err != nil {
			return err
		}
		from = left.Folded
		if to, again = left.Step(s.folding.Stride); !again {
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
	err = s.update(ctx, "write what summaries count", func(c *engine.Conn) error {
		if moved, err := moveMarks(c, from, to); err != nil || !moved {
			return err // another process has done it
		}
		if err := byMinute.save(c, minutes); err != nil {
			return err
		}
		return byHour.save(c, hours)
	})
	return err == nil, err
}

const moveMarksSQL = `UPDATE summary_marks SET assessment_seq = ?, outcome_seq = ? WHERE assessment_seq = ? AND outcome_seq = ?`

// moveMarks tells whether the marks were where they are moved from.
func moveMarks(c *engine.Conn, from, to reckon.Marks) (moved bool, err error) {
	err = each(c, moveMarksSQL, func(p *params) {
		p.int(to.Assessment)
		p.int(to.Outcome)
		p.int(from.Assessment)
		p.int(from.Outcome)
	}, nil)
	return c.Changes() > 0, err
}
