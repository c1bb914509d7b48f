package feed_test

import (
	"context"
	"sync"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// record is a feed in memory, since a real store cannot run on fake time.
// Assessments are of the probability that names them, and flagged from 0.5 on.
type record struct {
	mu          sync.Mutex
	assessments []fraud.FeedAssessment
	outcomes    []fraud.FeedOutcome
	fail        error
	reads       int           // of assessments
	hold        chan struct{} // if set, reads wait until it is closed
}

func (r *record) assess(probabilities ...float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range probabilities {
		a := fraud.FeedAssessment{Seq: int64(len(r.assessments) + 1)}
		a.Assessment = fraud.Assessment{Probability: p, Label: p >= 0.5, AssessedAt: time.Now()}
		r.assessments = append(r.assessments, a)
	}
}

func (r *record) report(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, fraud.FeedOutcome{Seq: int64(len(r.outcomes) + 1), Outcome: fraud.Outcome{TransactionID: id, ReportedAt: time.Now()}})
}

func (r *record) FeedEnd(context.Context) (fraud.Position, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fraud.Position{Assessment: int64(len(r.assessments)), Outcome: int64(len(r.outcomes))}, r.fail
}

func (r *record) FeedNewest(_ context.Context, q fraud.Query, span fraud.Span, limit int) (n fraud.FeedNewest, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	for _, a := range r.assessments[span.After:span.UpTo] {
		if q.MinProbability != nil && a.Assessment.Probability < *q.MinProbability {
			continue
		}
		if n.All++; a.Assessment.Label {
			n.Flagged++
		}
		n.Items = append(n.Items, a)
	}
	n.Items = n.Items[max(0, len(n.Items)-limit):]
	return n, nil
}

func (r *record) FeedAssessments(ctx context.Context, q fraud.Query, span fraud.Span, limit int) ([]fraud.FeedAssessment, error) {
	if r.hold != nil {
		<-r.hold
	}
	all, err := r.FeedNewest(ctx, q, span, int(span.UpTo))
	return all.Items[:min(limit, len(all.Items))], err
}

func (r *record) FeedOutcomes(_ context.Context, span fraud.Span, limit int) ([]fraud.FeedOutcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.outcomes[span.After:span.UpTo]
	return found[:min(limit, len(found))], nil
}
