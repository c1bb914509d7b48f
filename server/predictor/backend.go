package predictor

import (
	"context"
	"sync/atomic"

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
	health   *health
	unary    chan struct{} // one token a PredictFraud under way
}

func newBackend(address string, opts Options) (*backend, error) {
	at, err := parsePlace(address)
	if err != nil {
		return nil, err
	}
	return &backend{address: address, link: newLink(dialler{at, opts.TLS, opts.Application}), opts: opts, health: newHealth(), unary: make(chan struct{}, opts.UnaryCalls)}, nil
}

// predict scores rows in one call, or row by row where the host has no more.
func (b *backend) predict(ctx context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	return ask(ctx, b, func(by *lanes, model *fraud.Model) (fraud.Predictions, error) {
		if !model.Batches {
			return b.predictUnary(ctx, by, model, rows)
		}
		reply, err := by.client.PredictFraudBatch(ctx, &fraud_detection.PredictFraudBatchRequest{
			Rows: uint32(len(rows)), Columns: columns(rows, model.Facts, b.opts.AgeUnit),
		})
		if err != nil {
			return fraud.Predictions{}, err
		}
		return believed(readBatch(reply, len(rows), b.opts.Scale))
	})
}

// explain tells why the model scores rows as it does.
func (b *backend) explain(ctx context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	return ask(ctx, b, func(by *lanes, model *fraud.Model) (fraud.Explanations, error) {
		if !model.Explains {
			return fraud.Explanations{}, fraud.Unimplemented("the model now serving gives no reasons for its scores")
		}
		reply, err := by.client.ExplainFraudBatch(ctx, &fraud_detection.ExplainFraudBatchRequest{
			Rows: uint32(len(rows)), Columns: columns(rows, model.Facts, b.opts.AgeUnit),
		})
		if err != nil {
			return fraud.Explanations{}, err
		}
		return believed(readExplanations(reply, len(rows)))
	})
}
