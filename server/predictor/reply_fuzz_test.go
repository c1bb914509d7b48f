package predictor

import (
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// A model's host may answer any bytes. What is accepted of them is whole,
// finite and in range; all else is an error, never a panic.

func FuzzReadModel(f *testing.F) {
	for _, threshold := range []float64{0.5, -0.1, 50, 101, math.NaN(), math.Inf(1)} {
		seed(f, &fraud_detection.GetModelResponse{Version: "v1", Facts: []string{"amount", "time"}, Threshold: threshold, Metrics: map[string]float64{"a": math.NaN()},
			TrainedAt: timestamppb.New(time.Unix(1_700_000_000, 0)), Capabilities: []fraud_detection.Capability{1, 2, 99},
			Calibration: []*fraud_detection.CalibrationBin{{From: 0, To: 0.1, Rows: 5, MeanFraudProbability: 0.05, FraudRate: 0.04}}})
	}
	for _, bad := range []*fraud_detection.GetModelResponse{
		{}, {Version: strings.Repeat("v", 129), Facts: []string{"amount"}}, {Version: "v", Facts: []string{"colour"}}, {Version: "v", Facts: []string{"amount", "amount"}},
		{Version: "v", Facts: []string{"amount"}, Calibration: []*fraud_detection.CalibrationBin{{Rows: -1}}},
		{Version: "v", Facts: []string{"amount"}, TrainedAt: &timestamppb.Timestamp{Seconds: math.MaxInt64, Nanos: -1}},
	} {
		seed(f, bad)
	}
	f.Fuzz(func(t *testing.T, data []byte, _ uint8, percent bool) {
		var reply fraud_detection.GetModelResponse
		if proto.Unmarshal(data, &reply) != nil {
			return
		}
		model, err := readModel(&reply, scaleOf(percent))
		if err != nil {
			if model != nil {
				t.Fatalf("%v beside %v", model, err)
			}
			return
		}
		wantVersion(t, model.Version)
		wantUnit(t, "threshold", model.Threshold)
		if err := checkFacts(model.Facts); err != nil {
			t.Fatal(err)
		}
		if year := model.TrainedAt.Year(); year < 1 || year > 9999 {
			t.Fatalf("trained at %s", model.TrainedAt)
		}
		for _, b := range model.Calibration {
			for _, p := range []float64{b.From, b.To, b.MeanProbability, b.FraudRate} {
				wantUnit(t, "calibration", p)
			}
			if b.Rows < 0 {
				t.Fatalf("a bin of %d rows", b.Rows)
			}
		}
	})
}

func FuzzReadBatch(f *testing.F) {
	for _, p := range []float64{0, 0.25, 1, -0.1, 100, math.NaN(), math.Inf(-1)} {
		seed(f, &fraud_detection.PredictFraudBatchResponse{ModelVersion: "v1", Threshold: 0.5, FraudProbabilities: []float64{p, 0.5}, PredictedLabels: []bool{true, false}})
	}
	for _, row := range []uint32{0, 1, 2, math.MaxUint32} {
		seed(f, &fraud_detection.PredictFraudBatchResponse{ModelVersion: "v1", FraudProbabilities: []float64{0, 1}, PredictedLabels: []bool{true, false},
			Errors: []*fraud_detection.RowError{{Row: row, Message: "amount must be above 0"}, {Row: row}}})
	}
	seed(f, &fraud_detection.PredictFraudBatchResponse{ModelVersion: "v1", FraudProbabilities: []float64{0, 1}, PredictedLabels: []bool{true}})
	seed(f, &fraud_detection.PredictFraudBatchResponse{})
	f.Fuzz(func(t *testing.T, data []byte, rows uint8, percent bool) {
		var reply fraud_detection.PredictFraudBatchResponse
		if proto.Unmarshal(data, &reply) != nil {
			return
		}
		out, err := readBatch(&reply, int(rows), scaleOf(percent))
		if err != nil {
			if out.Rows != nil {
				t.Fatalf("%v beside %v", out, err)
			}
			return
		}
		wantVersion(t, out.ModelVersion)
		wantUnit(t, "threshold", out.Threshold)
		if len(out.Rows) != int(rows) {
			t.Fatalf("%d rows, not %d", len(out.Rows), rows)
		}
		for i, row := range out.Rows {
			wantScore(t, row)
			if row.Err == nil && row.Label != reply.PredictedLabels[i] {
				t.Fatalf("row %d has another row's label", i)
			}
		}
		for _, e := range reply.Errors {
			if out.Rows[e.Row].Err == nil {
				t.Fatalf("row %d has a score, though the model says %q", e.Row, e.Message)
			}
		}
	})
}

func FuzzReadOne(f *testing.F) {
	for _, p := range []float64{0, 0.25, 1, -0.1, 100, math.NaN(), math.Inf(1)} {
		seed(f, &fraud_detection.PredictionResponse{TransactionId: 2, PredictedLabel: true, FraudProbability: p})
	}
	seed(f, &fraud_detection.PredictionResponse{TransactionId: -1})
	seed(f, &fraud_detection.PredictionResponse{TransactionId: 3})
	f.Fuzz(func(t *testing.T, data []byte, asked uint8, percent bool) {
		var reply fraud_detection.PredictionResponse
		if proto.Unmarshal(data, &reply) != nil {
			return
		}
		row := readOne(&reply, fraud.Recorded{Seq: int64(asked)}, scaleOf(percent))
		wantScore(t, row)
		if row.Err == nil && reply.TransactionId != int64(asked) {
			t.Fatalf("the score of transaction %d is taken for that of %d", reply.TransactionId, asked)
		}
	})
}

func FuzzReadExplanations(f *testing.F) {
	for _, x := range []float64{0, -3, math.NaN(), math.Inf(1), math.MaxFloat64} {
		seed(f, &fraud_detection.ExplainFraudBatchResponse{ModelVersion: "v1", Contributions: []*fraud_detection.Contribution{
			{Code: "AMOUNT", Text: "the amount", LogOdds: []float64{x, 1}, Values: []float64{1, 2}}, {Code: "TIME", LogOdds: []float64{2, -2}, Values: []float64{3, x}}}})
	}
	seed(f, &fraud_detection.ExplainFraudBatchResponse{ModelVersion: "v1", Contributions: []*fraud_detection.Contribution{{LogOdds: []float64{1, 2}, Values: []float64{1}}}})
	seed(f, &fraud_detection.ExplainFraudBatchResponse{ModelVersion: "v1", Errors: []*fraud_detection.RowError{{Row: 1}, {Row: 2}}})
	f.Fuzz(func(t *testing.T, data []byte, rows uint8, _ bool) {
		var reply fraud_detection.ExplainFraudBatchResponse
		if proto.Unmarshal(data, &reply) != nil {
			return
		}
		out, err := readExplanations(&reply, int(rows))
		if err != nil {
			if out.Rows != nil {
				t.Fatalf("%v beside %v", out, err)
			}
			return
		}
		wantVersion(t, out.ModelVersion)
		if len(out.Rows) != int(rows) {
			t.Fatalf("%d rows, not %d", len(out.Rows), rows)
		}
		for _, row := range out.Rows {
			wantReasons(t, row, len(reply.Contributions))
		}
	})
}

// seed adds what a host could say of two rows, and the same cut off.
func seed(f *testing.F, reply proto.Message) {
	f.Helper()
	data, err := proto.Marshal(reply)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, uint8(2), false)
	f.Add(data[:len(data)/2], uint8(2), true)
}

func scaleOf(percent bool) Scale {
	if percent {
		return ScalePercent
	}
	return ScaleUnit
}

func wantVersion(t *testing.T, version string) {
	t.Helper()
	if version == "" || len(version) > 128 {
		t.Fatalf("accepted a version of %d bytes", len(version))
	}
}

func wantUnit(t *testing.T, what string, p float64) {
	t.Helper()
	if !(p >= 0 && p <= 1) {
		t.Fatalf("accepted the %s %v", what, p)
	}
}

// wantScore wants a score in range, or a refusal that callers may see.
func wantScore(t *testing.T, row fraud.Prediction) {
	t.Helper()
	if row.Err == nil {
		wantUnit(t, "probability", row.Probability)
	} else if fraud.ReasonOf(row.Err) != fraud.ReasonPredictorUnavailable || row.Probability != 0 || row.Label {
		t.Fatalf("refused as %+v", row)
	}
}

// wantReasons wants all of them, finite and the weightiest first, or a refusal.
func wantReasons(t *testing.T, row fraud.Explanation, count int) {
	t.Helper()
	if row.Err != nil {
		if fraud.ReasonOf(row.Err) != fraud.ReasonPredictorUnavailable || row.Reasons != nil {
			t.Fatalf("refused as %+v", row)
		}
		return
	}
	if len(row.Reasons) != count {
		t.Fatalf("%d reasons of %d", len(row.Reasons), count)
	}
	before := math.Inf(1)
	for _, r := range row.Reasons {
		weight := math.Abs(r.Contribution)
		if !(weight <= before) || math.IsInf(weight, 0) || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
			t.Fatalf("the reasons %+v", row.Reasons)
		}
		before = weight
	}
}
