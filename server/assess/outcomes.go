package assess

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Reporter records outcomes: reports that wait together commit together.
type Reporter struct {
	store   fraud.Outcomes
	batcher *batch.Batcher[fraud.Outcome, fraud.Outcome]
}

// NewReporter makes a Reporter.
func NewReporter(store fraud.Outcomes, opts batch.Options) (*Reporter, error) {
	r := &Reporter{store: store}
	var err error
	r.batcher, err = batch.New(opts, r.run)
	return r, err
}

// Queue tells how busy it is.
func (r *Reporter) Queue() batch.State { return r.batcher.State() }

// Close waits for the reports under way and refuses further ones.
func (r *Reporter) Close(ctx context.Context) error { return r.batcher.Close(ctx) }

// Report records one outcome and returns it as it is recorded, once durable.
func (r *Reporter) Report(ctx context.Context, outcome fraud.Outcome) (fraud.Outcome, error) {
	recorded, err := r.batcher.Do(ctx, outcome.ReportedBy, outcome)
	return recorded, refused(err)
}

func (r *Reporter) run(ctx context.Context, outcomes []fraud.Outcome, _ func()) []batch.Result[fraud.Outcome] {
	results := make([]batch.Result[fraud.Outcome], len(outcomes))
	recorded, err := r.store.ReportOutcomes(ctx, outcomes)
	for i := range results {
		if err != nil {
			results[i].Err = err
			continue
		}
		results[i] = batch.Result[fraud.Outcome]{Out: recorded[i].Outcome, Err: recorded[i].Err}
	}
	return results
}
