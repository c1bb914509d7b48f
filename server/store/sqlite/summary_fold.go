package sqlite

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	engine "zombiezen.com/go/sqlite"
)

// stride is how much one step folds, once so much waits to be. A step looks at each
// row for some microseconds, and then writes for as long as a few batches do: an
// outcome may belong to a minute and an hour of its own.
var stride = marks{assessment: 5_000, outcome: 1_000}

// lookEvery is after how many rows that this process writes it looks whether
// a step is due.
const lookEvery = 1_000

// folding folds what is written into the rollup, beside all that the store does.
type folding struct {
	stride  marks
	written atomic.Int64 // rows since it last began

	mu      sync.Mutex
	running bool
	ctx     context.Context // ends when the store closes, and no run begins after
	stop    context.CancelFunc
	wait    sync.WaitGroup
}

func newFolding() *folding {
	f := &folding{stride: stride}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

// end interrupts a run, and waits for it to end.
func (f *folding) end() {
	f.mu.Lock()
	f.stop()
	f.mu.Unlock()
	f.wait.Wait()
}

// wrote tells that rows were written which the rollup does not have.
func (s *Store) wrote(rows int) {
	if s.folding.written.Add(int64(rows)) >= lookEvery {
		s.startFolding()
	}
}

// resumeFolding goes on where a store was closed, or left behind by a version that
// did not count.
func (s *Store) resumeFolding(ctx context.Context) error {
	return s.view(ctx, "see what summaries have to count", func(c *engine.Conn) error {
		left, err := readTail(c)
		if _, due := left.step(s.folding.stride); due {
			s.startFolding()
		}
		return err
	})
}

// startFolding folds until no step is due, unless that is under way.
func (s *Store) startFolding() {
	f := s.folding
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running || f.ctx.Err() != nil {
		return
	}
	f.running = true
	f.written.Store(0)
	f.wait.Go(func() {
		err := s.fold(f.ctx)
		if err != nil && f.ctx.Err() == nil {
			// No call failed by it, and none will: summaries count what is not folded.
			slog.Warn("summaries are slower until their counts can be written", "error", err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running = false
	})
}

func (s *Store) fold(ctx context.Context) error {
	for {
		if again, err := s.foldStep(ctx); err != nil || !again {
			return err
		}
	}
}

// step is how far the next step folds, if one is due. Outcomes come first, so
// that assessments which have theirs already are counted once.
func (t tail) step(stride marks) (to marks, due bool) {
	to = t.folded
	switch {
	case t.end.outcome-t.folded.outcome >= stride.outcome:
		to.outcome += stride.outcome
	case t.end.assessment-t.folded.assessment >= stride.assessment:
		to.assessment += stride.assessment
	}
	return to, to != t.folded
}

// foldStep folds one step. What to write is made ready while others write: counts
// change only as the marks move, so that it holds if they have not.
func (s *Store) foldStep(ctx context.Context) (again bool, err error) {
	var from, to marks
	var minutes, hours []packed
	err = s.snapshot(ctx, "find what summaries have to count", func(c *engine.Conn) error {
		left, err := readTail(c)
		if err != nil {
			return err
		}
		from = left.folded
		if to, again = left.step(s.folding.stride); !again {
			return nil
		}
		found := make(changes)
		if err := eachMove(c, from.outcome, to.outcome, from.assessment, found.add); err != nil {
			return err
		}
		if err := eachAssessment(c, from.assessment, to.assessment, to.outcome, found.add); err != nil {
			return err
		}
		if minutes, err = found.addTo(c, byMinute); err != nil {
			return err
		}
		hours, err = found.addTo(c, byHour)
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
func moveMarks(c *engine.Conn, from, to marks) (moved bool, err error) {
	err = each(c, moveMarksSQL, func(p *params) {
		p.int(to.assessment)
		p.int(to.outcome)
		p.int(from.assessment)
		p.int(from.outcome)
	}, nil)
	return c.Changes() > 0, err
}

// changes are how many assessments more, or fewer, are of a minute and a cell.
type changes map[place]int64

type place struct {
	minute int64
	cell   cell
}

// add is a counter.
func (ch changes) add(at int64, of cell, n int64) { ch[place{at / microsPerMinute, of}] += n }

// addTo returns what the changes make of the rows of a rollup.
func (ch changes) addTo(c *engine.Conn, u rollup) ([]packed, error) {
	places := slices.SortedFunc(maps.Keys(ch), func(a, b place) int { return cmp.Compare(a.minute, b.minute) })
	var rows []packed
	for len(places) > 0 {
		start := places[0].minute / u.minutes
		var sum counts
		if err := u.addTo(c, start, start+1, func(int64) *counts { return &sum }); err != nil {
			return nil, err
		}
		for len(places) > 0 && places[0].minute/u.minutes == start {
			sum[places[0].cell] += ch[places[0]]
			places = places[1:]
		}
		text, err := sum.pack()
		if err != nil {
			return nil, err
		}
		rows = append(rows, packed{start, text})
	}
	return rows, nil
}
