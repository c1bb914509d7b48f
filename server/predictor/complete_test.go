package predictor_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// openOnTwoVersions opens a pool on a host of v1 that answers NaN for the last row of
// each call, and counts them, and on a good one of v2.
func openOnTwoVersions(t *testing.T, spoilt *atomic.Int64) *predictor.Pool {
	sick, first, second := good("v1"), socket(t), socket(t)
	sick.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		r, err := thousandth("v1")(ctx, req)
		if !probing(req.Columns) {
			spoilt.Add(1)
			r.FraudProbabilities[len(r.FraudProbabilities)-1] = math.NaN()
		}
		return r, err
	}
	start(t, first, sick)
	start(t, second, good("v2"))
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	return pool
}

func TestRowsAreCompletedByTheSameModelAlone(t *testing.T) {
	var spoilt atomic.Int64
	pool := openOnTwoVersions(t, &spoilt)
	for range 30 {
		got, err := pool.Predict(patient(t), payments(2))
		if err != nil {
			t.Fatal(err)
		}
		if missing := got.Rows[1].Err != nil; missing != (got.ModelVersion == "v1") {
			t.Errorf("%s answered %+v", got.ModelVersion, got.Rows)
		}
	}
	if spoilt.Load() == 0 {
		t.Error("nothing was spoilt: nothing was tested")
	}
}

func TestWhatIsSpoiltAltogetherIsAnsweredByWhicheverModel(t *testing.T) {
	var spoilt atomic.Int64
	pool, rows := openOnTwoVersions(t, &spoilt), payments(1)
	for range 30 {
		got, err := pool.Predict(patient(t), rows)
		if err != nil || got.ModelVersion != "v2" {
			t.Fatalf("%s, %v", got.ModelVersion, err)
		}
		checkThousandths(t, got, rows)
	}
	if spoilt.Load() == 0 {
		t.Error("nothing was spoilt: nothing was tested")
	}
}
