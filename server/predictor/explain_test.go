package predictor_test

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

type explanation = fraud_detection.ExplainFraudBatchResponse

// explaining is a host that explains two rows, its reply spoiled.
func explaining(spoil func(*explanation)) *host {
	h := good("v1")
	h.explain = func(context.Context, *fraud_detection.ExplainFraudBatchRequest) (*explanation, error) {
		r := &explanation{ModelVersion: "v1", Contributions: []*fraud_detection.Contribution{
			{Code: "AMOUNT", Text: "amount", LogOdds: []float64{0.5, -3}, Values: []float64{100, 101}},
			{Code: "HOUR", Text: "hour of the day", LogOdds: []float64{-2, 0}, Values: []float64{7, 8}},
			{Code: "AGE", Text: "age in days", LogOdds: []float64{2, 1}, Values: []float64{0, 1}},
		}}
		spoil(r)
		return r, nil
	}
	return h
}

func TestReasonsComeStrongestFirst(t *testing.T) {
	pool := openOn(t, explaining(func(*explanation) {}), predictor.Options{})
	got, err := pool.Explain(patient(t), payments(2))
	if err != nil || got.ModelVersion != "v1" || len(got.Rows) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range [][]fraud.Reason{
		{ // equally strong ones keep the model's order
			{Code: "HOUR", Text: "hour of the day", Contribution: -2, Value: 7},
			{Code: "AGE", Text: "age in days", Contribution: 2, Value: 0},
			{Code: "AMOUNT", Text: "amount", Contribution: 0.5, Value: 100},
		},
		{
			{Code: "AMOUNT", Text: "amount", Contribution: -3, Value: 101},
			{Code: "AGE", Text: "age in days", Contribution: 1, Value: 1},
			{Code: "HOUR", Text: "hour of the day", Contribution: 0, Value: 8},
		},
	} {
		if got.Rows[i].Err != nil || !slices.Equal(got.Rows[i].Reasons, want) {
			t.Errorf("row %d: %+v, want %+v", i, got.Rows[i], want)
		}
	}
}

func TestAnExplanationThatBreaksTheContractIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*explanation)
		row   int // the one that fails alone; all: the whole call
	}{
		"too few contributions":  {func(r *explanation) { r.Contributions[1].LogOdds = []float64{1} }, all},
		"too many contributions": {func(r *explanation) { r.Contributions[1].LogOdds = []float64{1, 2, 3} }, all},
		"too few values":         {func(r *explanation) { r.Contributions[2].Values = nil }, all},
		"no version":             {func(r *explanation) { r.ModelVersion = "" }, all},
		"error of a row beyond":  {func(r *explanation) { r.Errors = []*fraud_detection.RowError{{Row: 2, Message: secret}} }, all},
		"contribution NaN":       {func(r *explanation) { r.Contributions[1].LogOdds[1] = math.NaN() }, 1},
		"contribution Inf":       {func(r *explanation) { r.Contributions[2].LogOdds[0] = math.Inf(-1) }, 0},
		"value NaN":              {func(r *explanation) { r.Contributions[0].Values[1] = math.NaN() }, 1},
		"value Inf":              {func(r *explanation) { r.Contributions[0].Values[0] = math.Inf(1) }, 0},
		"row error":              {func(r *explanation) { r.Errors = []*fraud_detection.RowError{{Row: 1, Message: secret}} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			pool := openOn(t, explaining(c.spoil), predictor.Options{})
			got, err := pool.Explain(patient(t), payments(2))
			if c.row == all {
				checkUnavailable(t, err, secret)
				return
			}
			if err != nil || len(got.Rows) != 2 {
				t.Fatalf("%+v, %v", got, err)
			}
			checkUnavailable(t, got.Rows[c.row].Err, secret)
			if got.Rows[c.row].Reasons != nil {
				t.Errorf("beside the error stand %+v", got.Rows[c.row].Reasons)
			}
			if other := got.Rows[1-c.row]; other.Err != nil || len(other.Reasons) != 3 {
				t.Errorf("the other row: %+v", other)
			}
		})
	}
}

func TestAModelThatDoesNotExplainIsNotAsked(t *testing.T) {
	var asked atomic.Bool
	h := explaining(func(*explanation) { asked.Store(true) })
	h.model = func() (*fraud_detection.GetModelResponse, error) {
		r, err := describe("v1", "amount")()
		r.Capabilities = []fraud_detection.Capability{fraud_detection.Capability_CAPABILITY_PREDICT_BATCH}
		return r, err
	}
	pool := openOn(t, h, predictor.Options{})
	if _, err := pool.Explain(patient(t), payments(2)); fraud.ReasonOf(err) != fraud.ReasonUnimplemented || asked.Load() {
		t.Errorf("%v, asked %v, want UNIMPLEMENTED unasked", err, asked.Load())
	}
}
