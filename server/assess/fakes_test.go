package assess_test

import (
	"cmp"
	"context"
	"sync"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// oracle is a model whose score is a thousandth of the amount.
type oracle struct {
	mu           sync.Mutex
	version      string            // what Model tells
	serving      string            // what replies bear; empty: version
	shift        float64           // added to every score
	unseen, down error             // of Model; of Predict and Explain
	bad          map[float64]error // of rows, by amount
	excess       int               // rows answered too many, or too few
	hold         chan struct{}     // if set, Predict waits until it is closed
	asked        [][]float64       // amounts, by call of Predict and Explain
}

// set changes the oracle while it may be asked.
func (o *oracle) set(change func(*oracle)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

func (o *oracle) Model() (fraud.Model, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return fraud.Model{Version: o.version}, o.unseen
}

func (o *oracle) ask(rows []fraud.Recorded) (version string, n int, hold chan struct{}, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var amounts []float64
	for _, row := range rows {
		amounts = append(amounts, row.Facts.Amount)
	}
	o.asked = append(o.asked, amounts)
	return cmp.Or(o.serving, o.version), len(rows) + o.excess, o.hold, o.down
}

func (o *oracle) Predict(_ context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	version, n, hold, err := o.ask(rows)
	if hold != nil {
		<-hold
	}
	said := fraud.Predictions{ModelVersion: version, Threshold: 0.5, Rows: make([]fraud.Prediction, n)}
	for i := range min(n, len(rows)) {
		p := rows[i].Facts.Amount/1000 + o.shift
		said.Rows[i] = fraud.Prediction{Probability: p, Label: p >= 0.5}
		if err := o.bad[rows[i].Facts.Amount]; err != nil {
			said.Rows[i] = fraud.Prediction{Err: err}
		}
	}
	return said, err
}

func (o *oracle) Slots() int { return 2 }

func (o *oracle) Explain(_ context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	version, n, _, err := o.ask(rows)
	why := fraud.Explanations{ModelVersion: version, Rows: make([]fraud.Explanation, n)}
	for i := range min(n, len(rows)) {
		why.Rows[i].Reasons = []fraud.Reason{{Code: "AMOUNT", Value: rows[i].Facts.Amount}}
	}
	return why, err
}

// faulty is the real store, of which methods can be made to fail or to be
// seen. Its fields are set while nothing is under way.
type faulty struct {
	*sqlite.Store
	fail   map[string]error // by method: it fails and does nothing
	short  map[string]bool  // by method: it answers one item too few
	before func(method string)
	after  func(method string) // what the method did is durable, and not yet told
}

func through[In, Out any](ctx context.Context, s *faulty, method string, do func(context.Context, []In) ([]Out, error), items []In) ([]Out, error) {
	if s.before != nil {
		s.before(method)
	}
	if err := s.fail[method]; err != nil {
		return nil, err
	}
	out, err := do(ctx, items)
	if s.after != nil {
		s.after(method)
	}
	if s.short[method] && err == nil {
		out = out[1:]
	}
	return out, err
}

func (s *faulty) Record(ctx context.Context, ts []fraud.Transaction) ([]fraud.RecordResult, error) {
	return through(ctx, s, "Record", s.Store.Record, ts)
}

func (s *faulty) LookUp(ctx context.Context, ids []string, version string) ([]fraud.LookUpResult, error) {
	return through(ctx, s, "LookUp", func(ctx context.Context, ids []string) ([]fraud.LookUpResult, error) {
		return s.Store.LookUp(ctx, ids, version)
	}, ids)
}

func (s *faulty) RecordAssessments(ctx context.Context, as []fraud.Assessment) ([]fraud.Assessment, error) {
	return through(ctx, s, "RecordAssessments", s.Store.RecordAssessments, as)
}

func (s *faulty) ReportOutcomes(ctx context.Context, os []fraud.Outcome) ([]fraud.OutcomeResult, error) {
	return through(ctx, s, "ReportOutcomes", s.Store.ReportOutcomes, os)
}
