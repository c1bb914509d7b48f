package assess

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Recorder records transactions: calls that wait together commit together, and one
// commit is under way at a time, so that answers, which are recorded by the same
// store, wait for one at most.
type Recorder struct {
	store   fraud.Transactions
	batcher *batch.Batcher[fraud.Transaction, fraud.RecordResult]
}

var _ fraud.Transactions = (*Recorder)(nil)

// NewRecorder makes a Recorder.
func NewRecorder(store fraud.Transactions, opts batch.Options) (*Recorder, error) {
	r := &Recorder{store: store}
	opts.InFlight, opts.Whole = 1, true
	var err error
	r.batcher, err = batch.New(opts, r.run)
	return r, err
}

// Queue tells how busy it is.
func (r *Recorder) Queue() batch.State { return r.batcher.State() }

// Close waits for the calls under way and refuses further ones.
func (r *Recorder) Close(ctx context.Context) error { return r.batcher.Close(ctx) }

// Record implements fraud.Transactions, for transactions of one key.
func (r *Recorder) Record(ctx context.Context, transactions []fraud.Transaction) ([]fraud.RecordResult, error) {
	if len(transactions) == 0 {
		return nil, nil
	}
	answers, err := r.batcher.DoMany(ctx, transactions[0].RecordedBy, transactions)
	if err != nil {
		return nil, refused(err)
	}
	results := make([]fraud.RecordResult, len(answers))
	for i, answer := range answers {
		if answer.Err != nil {
			return nil, answer.Err // the store's, and so that of all
		}
		results[i] = answer.Out
	}
	return results, nil
}

func (r *Recorder) run(ctx context.Context, transactions []fraud.Transaction, _ func()) []batch.Result[fraud.RecordResult] {
	answers := make([]batch.Result[fraud.RecordResult], len(transactions))
	results, err := r.store.Record(ctx, transactions)
	for i := range answers {
		if err != nil {
			answers[i].Err = err
			continue
		}
		answers[i].Out = results[i]
	}
	return answers
}
