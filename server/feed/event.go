package feed

import "github.com/wassef911/grpcgoesbrrr/server/fraud"

// Event is an assessment that was made or an outcome that was reported: one of
// the two.
type Event struct {
	Assessment *fraud.Listed
	Outcome    *fraud.Outcome
	// After is where to resume after it.
	After fraud.Position
	// LeftOut are the assessments that were left out between the event before and
	// this one, and LeftOutFlagged those of them with Label.
	LeftOut, LeftOutFlagged int64
}

// stretch is a part of the feed as it is read.
type stretch struct {
	assessments []fraud.FeedAssessment
	outcomes    []fraud.FeedOutcome
	reached     fraud.Position // nothing that is wanted is missing up to here
	leftOut     int64          // assessments left out before the first
	flagged     int64          // those of them with Label
}

// merge puts both kinds in order by when they were recorded, each by its own
// numbers, and tells how far it got. Where one kind is not read up to the end,
// what comes after the last of it waits: more of it may come before.
func (s stretch) merge(from, end fraud.Position) (events []Event, at fraud.Position) {
	as, os := s.assessments, s.outcomes
	leftOut, flagged := s.leftOut, s.flagged
	at = from
	for len(as)+len(os) > 0 {
		if len(as) == 0 && s.reached.Assessment < end.Assessment || len(os) == 0 && s.reached.Outcome < end.Outcome {
			break
		}
		if len(os) == 0 || len(as) > 0 && !os[0].ReportedAt.Before(as[0].Assessment.AssessedAt) {
			at.Assessment = as[0].Seq
			events = append(events, Event{Assessment: &as[0].Listed, After: at, LeftOut: leftOut, LeftOutFlagged: flagged})
			leftOut, flagged = 0, 0
			as = as[1:]
			continue
		}
		at.Outcome = os[0].Seq
		events = append(events, Event{Outcome: &os[0].Outcome, After: at})
		os = os[1:]
	}
	if len(as) == 0 {
		at.Assessment = s.reached.Assessment
	}
	if len(os) == 0 {
		at.Outcome = s.reached.Outcome
	}
	if len(events) > 0 {
		events[len(events)-1].After = at
	}
	return events, at
}
