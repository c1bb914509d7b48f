package main

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// acknowledged is an answer that a caller was given, in what can change of it.
type acknowledged struct {
	drilled
	version                string
	probability, threshold uint64 // bits; a threshold that is not published is 0
	label                  bool
	assessedAt             *timestamppb.Timestamp
}

func acknowledge(one drilled, got *fraudactivityv1.FraudActivity) acknowledged {
	a := got.GetAssessment()
	return acknowledged{one, a.GetModelVersion(), math.Float64bits(got.FraudProbability), math.Float64bits(a.GetThreshold()), got.PredictedLabel, a.GetAssessedAt()}
}

func (a acknowledged) String() string {
	return fmt.Sprintf("%s: %v %%, %v by %s with %v %%, at %s", a.TransactionId, math.Float64frombits(a.probability), a.label, a.version,
		math.Float64frombits(a.threshold), a.assessedAt.AsTime())
}

func (a acknowledged) same(b acknowledged) bool {
	return a.TransactionId == b.TransactionId && a.version == b.version && a.probability == b.probability && a.threshold == b.threshold &&
		a.label == b.label && proto.Equal(a.assessedAt, b.assessedAt)
}

// ledger keeps all that was acknowledged to callers, and holds the service to it.
type ledger struct {
	mu          sync.Mutex
	records     []drilled
	assessments []acknowledged
	outcomes    []*fraudactivityv1.Outcome
	audited     [3]int // how many of each an audit has seen

	lost, altered int
}

func (l *ledger) recorded(some ...drilled) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, some...)
}

func (l *ledger) assessed(one acknowledged) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.assessments = append(l.assessments, one)
}

func (l *ledger) reported(one *fraudactivityv1.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes = append(l.outcomes, one)
}

// since is what was acknowledged after the last audit.
func (l *ledger) since() ([]drilled, []acknowledged, []*fraudactivityv1.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.audited
	l.audited = [3]int{len(l.records), len(l.assessments), len(l.outcomes)}
	return slices.Clip(l.records[from[0]:]), slices.Clip(l.assessments[from[1]:]), slices.Clip(l.outcomes[from[2]:])
}

// again has the next audit look at everything.
func (l *ledger) again() { l.audited = [3]int{} }
