package predictor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// errSilent says that a host did not answer a probe in time.
var errSilent = errors.New("no answer within the time of a probe")

// probe learns which model the host serves and has it score a row: health that
// is not proven by a score is no health.
func (b *backend) probe(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, b.opts.ProbeTimeout)
	defer cancel()
	err := b.proveScore(within)
	if err != nil && b.opts.Application != "" { // one replica has failed; the proxy may have others
		err = b.proveScore(within)
	}
	if err != nil && ctx.Err() == nil && ended(within) {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

func (b *backend) proveScore(ctx context.Context) error {
	by := b.link.take()
	defer by.release()
	model, err := b.fetchModel(ctx, by)
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
	SecondsSincePrevious: 24 * 60 * 60, AmountLastHour: 10, AmountLastDay: 10, AmountLastWeek: 20, TransactionsLastWeek: 2,
}}

func (b *backend) fetchModel(ctx context.Context, by *lanes) (*fraud.Model, error) {
	unary := &fraud.Model{Version: b.opts.Version, Threshold: math.NaN(),
		Facts: []string{"amount", "time", "age_of_account", "number_of_transactions"}}
	if b.opts.API == APIUnary {
		return unary, nil
	}
	reply, err := by.client.GetModel(ctx, &fraud_detection.GetModelRequest{})
	if connect.CodeOf(err) == connect.CodeUnimplemented {
		return unary, nil
	}
	if err != nil {
		return nil, err
	}
	return believed(readModel(reply, b.opts.Scale))
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
	calibration, err := readCalibration(reply.Calibration, scale)
	if err != nil {
		return nil, err
	}
	model := &fraud.Model{
		Version: reply.Version, Facts: reply.Facts, Threshold: threshold,
		Metrics: reply.Metrics, TrainingRows: reply.TrainingRows,
		Calibration: calibration, RefusedReplacement: reply.RefusedReplacement,
		Batches:  slices.Contains(reply.Capabilities, fraud_detection.Capability_CAPABILITY_PREDICT_BATCH),
		Explains: slices.Contains(reply.Capabilities, fraud_detection.Capability_CAPABILITY_EXPLAIN_BATCH),
	}
	if reply.TrainedAt.IsValid() {
		model.TrainedAt = reply.TrainedAt.AsTime()
	}
	return model, nil
}
