package predictor

import (
	"context"
	"slices"
	"sync"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// predictUnary asks about every row on its own, a bounded number at a time. It
// fails as a whole only if no row was answered: then the host is at fault, and
// another may be asked.
func (b *backend) predictUnary(ctx context.Context, by *lanes, model *fraud.Model, rows []fraud.Recorded) (fraud.Predictions, error) {
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
			out.Rows[i] = b.predictOne(ctx, by, rows[i])
		})
	}
	calls.Wait()
	answered := slices.ContainsFunc(out.Rows, func(p fraud.Prediction) bool { return p.Err == nil })
	if !answered && len(rows) > 0 {
		return fraud.Predictions{}, out.Rows[0].Err
	}
	return out, nil
}

func (b *backend) predictOne(ctx context.Context, by *lanes, row fraud.Recorded) fraud.Prediction {
	reply, err := by.next().PredictFraud(ctx, request(row, b.opts.AgeUnit))
	if err != nil {
		return fraud.Prediction{Err: cannotScore(err)}
	}
	return readOne(reply, row, b.opts.Scale)
}
