package predictor_test

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

func TestAModelThatCannotBeServedIsRefusedByNameAndNeverReady(t *testing.T) {
	type reply = fraud_detection.GetModelResponse
	type bin = fraud_detection.CalibrationBin
	for name, c := range map[string]struct {
		spoil func(*reply)
		said  string
	}{
		"unknown fact":    {func(r *reply) { r.Facts = []string{"amount", "shoe_size"} }, `the fact "shoe_size", which the gateway does not know`},
		"fact by case":    {func(r *reply) { r.Facts = []string{"Amount"} }, `the fact "Amount", which`},
		"fact twice":      {func(r *reply) { r.Facts = []string{"amount", "time", "amount"} }, `the fact "amount" twice`},
		"no facts":        {func(r *reply) { r.Facts = nil }, "names no facts"},
		"no version":      {func(r *reply) { r.Version = "" }, "version has 0 bytes"},
		"long version":    {func(r *reply) { r.Version = strings.Repeat("v", 129) }, "version has 129 bytes"},
		"threshold above": {func(r *reply) { r.Threshold = 1.1 }, "threshold: the model answered the probability 1.1"},
		"threshold NaN":   {func(r *reply) { r.Threshold = math.NaN() }, "threshold: the model answered the probability NaN"},
		"calibration above": {func(r *reply) { r.Calibration = []*bin{{To: 0.5}, {From: 0.5, To: 1.5}} },
			"calibration bin 1: the model answered the probability 1.5"},
		"calibration NaN":      {func(r *reply) { r.Calibration = []*bin{{To: 1, FraudRate: math.NaN()}} }, "calibration bin 0: the model answered the probability NaN"},
		"calibration of debts": {func(r *reply) { r.Calibration = []*bin{{To: 1, Rows: -1}} }, "calibration bin 0: the model answered -1 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			probes := make(chan struct{})
			h := good("v1")
			h.model = func() (*reply, error) {
				select {
				case probes <- struct{}{}:
				default:
				}
				r, err := describe("v1", "amount")()
				c.spoil(r)
				return r, err
			}
			address := socket(t)
			start(t, address, h)
			pool, book := open(t, predictor.Options{Addresses: []string{address}, WatchEvery: time.Millisecond})
			if line := book.await(t, "predictor not ready"); !strings.Contains(line, c.said) || !strings.Contains(line, address) {
				t.Errorf("the log says %q, want the host and %q", line, c.said)
			}
			for range 3 {
				<-probes
			}
			if pool.Ready() {
				t.Error("it is ready")
			}
			_, err := pool.Model()
			checkUnavailable(t, err, "shoe_size")
			_, err = pool.Predict(patient(t), payments(1))
			checkUnavailable(t, err, "shoe_size")
		})
	}
}

func TestAModelThatCannotScoreIsNotReady(t *testing.T) {
	h := good("v1")
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		r, err := thousandth("v1")(ctx, req)
		r.Errors = []*fraud_detection.RowError{{Row: 0, Message: "amount: out of order"}}
		return r, err
	}
	address := socket(t)
	start(t, address, h)
	pool, book := open(t, predictor.Options{Addresses: []string{address}})
	book.await(t, "predictor not ready", "amount: out of order")
	if pool.Ready() {
		t.Error("ready without a score")
	}
}

func TestColumnsArriveByNameInTheModelsOrder(t *testing.T) {
	rows := payments(3)
	values := map[string][]float64{
		"amount":                 {100, 101, 102},
		"time":                   {1_700_000_000, 1_700_000_001, 1_700_000_002},
		"age_of_account":         {5, 86_405, 172_805},
		"number_of_transactions": {1, 2, 3},
		"seconds_since_previous": {90_000, 90_001, 90_002},
		"amount_last_hour":       {1000.5, 1001.5, 1002.5},
		"amount_last_day":        {2000.5, 2001.5, 2002.5},
		"amount_last_week":       {3000.5, 3001.5, 3002.5},
		"transactions_last_week": {7, 8, 9},
	}
	days := maps.Clone(values)
	days["age_of_account"] = []float64{0, 1, 2}
	for name, c := range map[string]struct {
		facts []string
		unit  predictor.AgeUnit
		want  map[string][]float64
	}{
		"the seed's order": {[]string{"amount", "time", "age_of_account", "number_of_transactions"}, predictor.AgeSeconds, values},
		"another order":    {[]string{"number_of_transactions", "age_of_account", "time", "amount"}, predictor.AgeSeconds, values},
		"fewer":            {[]string{"time"}, predictor.AgeSeconds, values},
		"all there are":    {slices.Sorted(maps.Keys(values)), predictor.AgeSeconds, values},
		"age in days":      {[]string{"age_of_account", "amount", "seconds_since_previous"}, predictor.AgeDays, days},
	} {
		t.Run(name, func(t *testing.T) {
			calls := make(chan []*fraud_detection.Column, 3) // of the probe, Predict and Explain
			h := &host{model: describe("v1", c.facts...)}
			h.batch = func(_ context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
				calls <- req.Columns
				return &fraud_detection.PredictFraudBatchResponse{ModelVersion: "v1",
					FraudProbabilities: make([]float64, req.Rows), PredictedLabels: make([]bool, req.Rows)}, nil
			}
			h.explain = func(_ context.Context, req *fraud_detection.ExplainFraudBatchRequest) (*fraud_detection.ExplainFraudBatchResponse, error) {
				calls <- req.Columns
				return &fraud_detection.ExplainFraudBatchResponse{ModelVersion: "v1"}, nil
			}
			pool := openOn(t, h, predictor.Options{AgeUnit: c.unit})
			<-calls
			if _, err := pool.Predict(patient(t), rows); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Explain(patient(t), rows); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				var names []string
				for _, column := range <-calls {
					names = append(names, column.Name)
					if !slices.Equal(column.Values, c.want[column.Name]) {
						t.Errorf("%s = %v, want %v", column.Name, column.Values, c.want[column.Name])
					}
				}
				if !slices.Equal(names, c.facts) {
					t.Errorf("columns %v, want %v", names, c.facts)
				}
			}
		})
	}
}

func TestScoresOfABatchAreThoseOfTheModel(t *testing.T) {
	pool := openOn(t, good("v1"), predictor.Options{})
	rows := payments(900)
	got, err := pool.Predict(patient(t), rows)
	if err != nil {
		t.Fatal(err)
	}
	if got.ModelVersion != "v1" || got.Threshold != 0.5 {
		t.Errorf("version %s, threshold %v", got.ModelVersion, got.Threshold)
	}
	checkThousandths(t, got, rows)
	if got, err := pool.Predict(patient(t), nil); err != nil || len(got.Rows) != 0 {
		t.Errorf("no rows: %+v, %v", got, err)
	}
}

func TestTheModelTellsOfItself(t *testing.T) {
	trained := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	h := good("v1")
	h.model = func() (*fraud_detection.GetModelResponse, error) {
		r, err := describe("v1", "amount")()
		r.Metrics, r.TrainedAt, r.TrainingRows, r.Threshold = map[string]float64{"recall": 0.8}, timestamppb.New(trained), 7, 12.5
		r.Calibration = []*fraud_detection.CalibrationBin{{To: 50, Rows: 3, MeanFraudProbability: 25, FraudRate: 12.5}, {From: 50, To: 100}}
		r.RefusedReplacement = "golden.csv: row 1"
		return r, err
	}
	m, err := openOn(t, h, predictor.Options{Scale: predictor.ScalePercent}).Model()
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != "v1" || !slices.Equal(m.Facts, []string{"amount"}) || m.Threshold != 0.125 || m.Metrics["recall"] != 0.8 ||
		!m.TrainedAt.Equal(trained) || m.TrainingRows != 7 || !m.Batches || !m.Explains || m.RefusedReplacement != "golden.csv: row 1" {
		t.Errorf("%+v", m)
	}
	if want := []fraud.CalibrationBin{{To: 0.5, Rows: 3, MeanProbability: 0.25, FraudRate: 0.125}, {From: 0.5, To: 1}}; !slices.Equal(m.Calibration, want) {
		t.Errorf("calibration %v, want %v", m.Calibration, want)
	}
}

func TestARefusedReplacementIsSeenAtTheNextLookAndLoggedOnce(t *testing.T) {
	var mu sync.Mutex
	reason, looks, done := "", make(chan struct{}), make(chan struct{})
	h := good("v1")
	h.model = func() (*fraud_detection.GetModelResponse, error) {
		select {
		case looks <- struct{}{}:
		case <-done:
		}
		mu.Lock()
		defer mu.Unlock()
		r, err := describe("v1", "amount")()
		r.RefusedReplacement = reason
		return r, err
	}
	address := socket(t)
	start(t, address, h)
	pool, book := open(t, predictor.Options{Addresses: []string{address}, WatchEvery: time.Millisecond})
	<-looks
	for _, says := range []string{"golden.csv: row 1", "", "model.txt: is cut short", "model.txt: is cut short"} {
		mu.Lock()
		reason = says
		mu.Unlock()
		for range 3 { // the first may have been under way, and the last's answer is not yet read
			<-looks
		}
		if m, err := pool.Model(); err != nil || m.RefusedReplacement != says || m.Version != "v1" || !pool.Ready() {
			t.Errorf("%q: %+v, %v; want it told, and the old model ready", says, m, err)
		}
	}
	close(done)
	pool.Close()
	for _, says := range []string{"golden.csv: row 1", "model.txt: is cut short"} {
		if line := book.await(t, "refuses"); !strings.Contains(line, says) || !strings.Contains(line, address) {
			t.Errorf("the log says %q, want the host and %q", line, says)
		}
	}
	if line, found, _ := book.read([]string{"refuses"}); found {
		t.Errorf("and once more: %q", line)
	}
}

func TestUnaryCallsAreBoundedAndTheBoundIsUsed(t *testing.T) {
	const bound = 4
	var mu sync.Mutex
	arrived, underWay, most := 0, 0, 0
	full := make(chan struct{}) // closed when as many as may be have come together
	come := func() <-chan struct{} {
		mu.Lock()
		defer mu.Unlock()
		together := full
		underWay++
		most = max(most, underWay)
		if arrived++; arrived%bound == 0 {
			close(full)
			full = make(chan struct{})
		}
		return together
	}
	h := &host{one: func(_ context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
		if req.TransactionId != 0 {
			<-come()
			mu.Lock()
			underWay--
			mu.Unlock()
		}
		return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId}, nil
	}}
	pool := openOn(t, h, predictor.Options{UnaryCalls: bound})
	got, err := pool.Predict(patient(t), payments(10*bound))
	if err != nil || slices.ContainsFunc(got.Rows, func(p fraud.Prediction) bool { return p.Err != nil }) {
		t.Fatalf("%+v, %v", got, err)
	}
	if most != bound {
		t.Errorf("%d calls at once, want %d", most, bound)
	}
}
