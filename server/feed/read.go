package feed

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// read reads what follows from, up to end. Where not every one is wanted, room
// bounds the assessments.
func (h *Hub[M]) read(ctx context.Context, ask Ask, from, end fraud.Position, room room) (batch[M], error) {
	s := stretch{reached: end}
	var err error
	switch {
	case from.Assessment == end.Assessment:
	case ask.MaxPerSecond > 0:
		err = h.readNewest(ctx, ask, fraud.Span{After: from.Assessment, UpTo: end.Assessment}, room, &s)
	default:
		err = h.readFirst(ctx, ask, fraud.Span{After: from.Assessment, UpTo: end.Assessment}, &s)
	}
	if err == nil && ask.Outcomes && from.Outcome < end.Outcome {
		err = h.readOutcomes(ctx, fraud.Span{After: from.Outcome, UpTo: end.Outcome}, &s)
	}
	if err != nil {
		return batch[M]{}, err
	}
	events, at := s.merge(from, end)
	b := batch[M]{after: at}
	for _, e := range events {
		b.messages = append(b.messages, h.show(e))
		if e.Assessment != nil {
			b.assessments++
		}
	}
	return b, nil
}

// readFirst reads a page of every assessment. A filter may let few through: so
// that nothing takes long, only so many numbers are gone through.
func (h *Hub[M]) readFirst(ctx context.Context, ask Ask, span fraud.Span, s *stretch) error {
	span.UpTo = min(span.UpTo, span.After+h.Window)
	err := h.inTurn(ctx, func() (err error) {
		s.assessments, err = h.store.FeedAssessments(ctx, ask.Query, span, h.Page)
		return err
	})
	s.reached.Assessment = span.UpTo
	if full := len(s.assessments); full >= h.Page {
		s.reached.Assessment = s.assessments[full-1].Seq
	}
	return err
}

// readNewest reads the newest assessments and counts the others, in turn with
// those who read as far back.
func (h *Hub[M]) readNewest(ctx context.Context, ask Ask, span fraud.Span, room room, s *stretch) error {
	var all, flagged int64
	for after := span.After; after < span.UpTo; after += h.Window {
		part := fraud.Span{After: after, UpTo: min(after+h.Window, span.UpTo)}
		err := h.inTurn(ctx, func() error {
			newest, err := h.store.FeedNewest(ctx, ask.Query, part, room.left)
			all, flagged = all+newest.All, flagged+newest.Flagged
			s.assessments = last(append(s.assessments, newest.Items...), room.left)
			return err
		})
		if err != nil {
			return err
		}
	}
	if all > int64(room.left) {
		s.assessments = last(s.assessments, room.share)
	}
	s.leftOut, s.flagged = all-int64(len(s.assessments)), flagged
	for _, a := range s.assessments {
		if a.Assessment.Label {
			s.flagged--
		}
	}
	return nil
}

func (h *Hub[M]) readOutcomes(ctx context.Context, span fraud.Span, s *stretch) error {
	err := h.inTurn(ctx, func() (err error) {
		s.outcomes, err = h.store.FeedOutcomes(ctx, span, h.Page)
		return err
	})
	if full := len(s.outcomes); full >= h.Page {
		s.reached.Outcome = s.outcomes[full-1].Seq
	}
	return err
}

func last[T any](items []T, n int) []T { return items[max(0, len(items)-n):] }
