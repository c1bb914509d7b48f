package predictor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// backend is one host of a model.
type backend struct {
	address  string
	link     *link
	opts     Options
	inFlight atomic.Int64
	model    atomic.Pointer[fraud.Model] // nil until seen
	ready    atomic.Bool                 // the last probe brought a real score
	unary    chan struct{}               // one token a PredictFraud under way
}

func newBackend(address string, opts Options) (*backend, error) {
	l, err := newLink(address)
	if err != nil {
		return nil, err
	}
	return &backend{address: address, link: l, opts: opts, unary: make(chan struct{}, opts.UnaryCalls)}, nil
}

// predict scores rows in one call, or row by row where the host has no more.
func (b *backend) predict(ctx context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	model := b.model.Load()
	if model == nil {
		return fraud.Predictions{}, errors.New("the host has not answered yet")
	}
	b.inFlight.Add(1)
	defer b.inFlight.Add(-1)
	if !model.Batches {
		return b.predictUnary(ctx, model, rows)
	}
	reply, err := b.link.client.PredictFraudBatch(ctx, &fraud_detection.PredictFraudBatchRequest{
		Rows: uint32(len(rows)), Columns: columns(rows, model.Facts, b.opts.AgeUnit),
	})
	if err != nil {
		return fraud.Predictions{}, err
	}
	return readBatch(reply, len(rows), b.opts.Scale)
}

// predictUnary asks about every row on its own, a bounded number at a time. It
// fails as a whole only if no row was answered: then the host is at fault, and
// another may be asked.
func (b *backend) predictUnary(ctx context.Context, model *fraud.Model, rows []fraud.Recorded) (fraud.Predictions, error) {
	out := fraud.Predictions{ModelVersion: model.Version, Threshold: model.Threshold, Rows: make([]fraud.Prediction, len(rows))}
	var calls sync.WaitGroup
	for i := range rows {
		select {
		case b.unary <- struct{}{}:
		case <-ctx.Done():
			out.Rows[i].Err = ctx.Err()
			continue
		}
		calls.Go(func() {
			defer func() { <-b.unary }()
			out.Rows[i] = b.predictOne(ctx, rows[i])
		})
	}
	calls.Wait()
	answered := slices.ContainsFunc(out.Rows, func(p fraud.Prediction) bool { return p.Err == nil })
	if !answered && len(rows) > 0 {
		return fraud.Predictions{}, out.Rows[0].Err
	}
	return out, nil
}

func (b *backend) predictOne(ctx context.Context, row fraud.Recorded) fraud.Prediction {
	reply, err := b.link.client.PredictFraud(ctx, request(row, b.opts.AgeUnit))
	if err != nil {
		return fraud.Prediction{Err: cannotScore(err)}
	}
	return readOne(reply, row, b.opts.Scale)
}

// explain tells why the model scores rows as it does.
func (b *backend) explain(ctx context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	model := b.model.Load()
	if model == nil {
		return fraud.Explanations{}, errors.New("the host has not answered yet")
	}
	if !model.Explains {
		return fraud.Explanations{}, fraud.Unimplemented("the model now serving gives no reasons for its scores")
	}
	b.inFlight.Add(1)
	defer b.inFlight.Add(-1)
	reply, err := b.link.client.ExplainFraudBatch(ctx, &fraud_detection.ExplainFraudBatchRequest{
		Rows: uint32(len(rows)), Columns: columns(rows, model.Facts, b.opts.AgeUnit),
	})
	if err != nil {
		return fraud.Explanations{}, err
	}
	return readExplanations(reply, len(rows))
}

// probe learns which model the host serves and has it score a row: health that
// is not proven by a score is no health.
func (b *backend) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.opts.ProbeTimeout)
	defer cancel()
	model, err := b.fetchModel(ctx)
	if err != nil {
		return err
	}
	b.model.Store(model)
	answer, err := b.predict(ctx, []fraud.Recorded{probeRow})
	if err != nil {
		return err
	}
	return answer.Rows[0].Err
}

// probeRow is an ordinary payment. Its number is no transaction's.
var probeRow = fraud.Recorded{Seq: 0, Facts: fraud.Facts{
	Amount: 10, Time: time.Unix(1_700_000_000, 0).UTC(), AgeOfAccount: 365 * 24 * 60 * 60, NumberOfTransactions: 10,
}}

func (b *backend) fetchModel(ctx context.Context) (*fraud.Model, error) {
	unary := &fraud.Model{Version: b.opts.Version, Threshold: math.NaN(),
		Facts: []string{"amount", "time", "age_of_account", "number_of_transactions"}}
	if b.opts.API == APIUnary {
		return unary, nil
	}
	reply, err := b.link.client.GetModel(ctx, &fraud_detection.GetModelRequest{})
	if connect.CodeOf(err) == connect.CodeUnimplemented {
		return unary, nil
	}
	if err != nil {
		return nil, err
	}
	return readModel(reply, b.opts.Scale)
}

func readModel(reply *fraud_detection.GetModelResponse, scale Scale) (*fraud.Model, error) {
	if err := checkVersion(reply.Version); err != nil {
		return nil, err
	}
	if err := checkFacts(reply.Facts); err != nil {
		return nil, err
	}
	threshold, err := scale.probability(reply.Threshold)
	if err != nil {
		return nil, fmt.Errorf("threshold: %w", err)
	}
	model := &fraud.Model{
		Version: reply.Version, Facts: reply.Facts, Threshold: threshold,
		Metrics: reply.Metrics, TrainingRows: reply.TrainingRows,
		Batches:  slices.Contains(reply.Capabilities, fraud_detection.Capability_CAPABILITY_PREDICT_BATCH),
		Explains: slices.Contains(reply.Capabilities, fraud_detection.Capability_CAPABILITY_EXPLAIN_BATCH),
	}
	if reply.TrainedAt.IsValid() {
		model.TrainedAt = reply.TrainedAt.AsTime()
	}
	return model, nil
}
