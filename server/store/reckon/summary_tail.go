package reckon

import "github.com/wassef911/grpcgoesbrrr/server/fraud"

// Marks are numbers of the last assessment and the last outcome.
type Marks struct{ Assessment, Outcome int64 }

// Tail is what the rollup does not have yet: behind Folded, up to End.
type Tail struct{ Folded, End Marks }

// Step is how far the next step folds, if one is due. Outcomes come first, so
// that assessments which have theirs already are counted once.
func (t Tail) Step(stride Marks) (to Marks, due bool) {
	to = t.Folded
	switch {
	case t.End.Outcome-t.Folded.Outcome >= stride.Outcome:
		to.Outcome += stride.Outcome
	case t.End.Assessment-t.Folded.Assessment >= stride.Assessment:
		to.Assessment += stride.Assessment
	}
	return to, to != t.Folded
}

// Scored is an assessment with the newest report about its transaction.
type Scored struct {
	Seq, At     int64
	Probability float64
	Flagged     bool
	Before      Newest // of the reports up to a number
	Now         Newest // of all that are looked at
}

// Cell is that of the assessment by a report.
func (a *Scored) Cell(by Newest) Cell { return CellOf(a.Probability, a.Flagged, by.Label) }

// Newest is the newest of some reports.
type Newest struct {
	OccurredAt, Seq int64
	Label           fraud.OutcomeLabel // OutcomeUnknown: there is none
}

func (n *Newest) see(o Newest) {
	if n.Label == fraud.OutcomeUnknown || o.OccurredAt > n.OccurredAt || o.OccurredAt == n.OccurredAt && o.Seq > n.Seq {
		*n = o
	}
}

// Scores gathers assessments from rows of one report each, or of none. Rows of
// one assessment follow one another.
type Scores struct {
	Before int64 // the number up to which reports count for Scored.Before
	Do     func(a *Scored)
	last   Scored
}

// Begins tells whether a row of the assessment with number seq is its first, and
// then wants to be told of it.
func (s *Scores) Begins(seq int64) bool { return seq != s.last.Seq }

// Begin is told of an assessment, and hands on the one before it.
func (s *Scores) Begin(seq, at int64, probability float64, flagged bool) {
	s.End()
	s.last = Scored{Seq: seq, At: at, Probability: probability, Flagged: flagged}
}

// See is told of a report about the last assessment's transaction.
func (s *Scores) See(report Newest) {
	if report.Label == fraud.OutcomeUnknown {
		return // there is none
	}
	s.last.Now.see(report)
	if report.Seq <= s.Before {
		s.last.Before.see(report)
	}
}

// End hands on the last assessment, once.
func (s *Scores) End() {
	if s.last.Seq != 0 {
		s.Do(&s.last)
	}
	s.last = Scored{}
}

// Counted counts each assessment in the cell it is of now.
func Counted(add Counter) func(a *Scored) {
	return func(a *Scored) { add(a.At, a.Cell(a.Now), 1) }
}

// Moved counts the assessments that moved from one cell to another.
func Moved(add Counter) func(a *Scored) {
	return func(a *Scored) {
		if before, now := a.Cell(a.Before), a.Cell(a.Now); before != now {
			add(a.At, before, -1)
			add(a.At, now, 1)
		}
	}
}
