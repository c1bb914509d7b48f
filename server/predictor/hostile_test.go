package predictor_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// secret stands in what hosts say and must not reach a caller.
const secret = "hunter2"

// checkUnavailable wants PREDICTOR_UNAVAILABLE, and nothing of the host's text
// in what the caller sees.
func checkUnavailable(t *testing.T, err error, hostsText string) {
	t.Helper()
	var e *fraud.Error
	if !errors.As(err, &e) || e.Reason != fraud.ReasonPredictorUnavailable {
		t.Errorf("got %v, want PREDICTOR_UNAVAILABLE", err)
		return
	}
	if e.Message == "" || strings.Contains(e.Message, hostsText) || strings.Contains(e.Field, hostsText) {
		t.Errorf("the caller sees %q", e.Message)
	}
}

// probing reports whether a call is the pool's own.
func probing(columns []*fraud_detection.Column) bool { return columns[0].Values[0] == 10 }

func TestAReplyThatBreaksTheContractIsNoScore(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	type reply = fraud_detection.PredictFraudBatchResponse
	rowError := func(row uint32) *fraud_detection.RowError {
		return &fraud_detection.RowError{Row: row, Message: "amount: " + secret}
	}
	for name, c := range map[string]struct {
		spoil func(*reply)
		row   int // the one that fails alone; all: the whole call
		scale predictor.Scale
	}{
		"larger than any reply": {row: all, spoil: func(r *reply) {
			r.Errors = append(r.Errors, &fraud_detection.RowError{Row: 1, Message: strings.Repeat("a", 17<<20)})
		}},
		"too few probabilities":       {row: all, spoil: func(r *reply) { r.FraudProbabilities = r.FraudProbabilities[:2] }},
		"too many probabilities":      {row: all, spoil: func(r *reply) { r.FraudProbabilities = append(r.FraudProbabilities, 0.5) }},
		"no probabilities":            {row: all, spoil: func(r *reply) { r.FraudProbabilities = nil }},
		"too few labels":              {row: all, spoil: func(r *reply) { r.PredictedLabels = r.PredictedLabels[:2] }},
		"too many labels":             {row: all, spoil: func(r *reply) { r.PredictedLabels = append(r.PredictedLabels, true) }},
		"nothing at all":              {row: all, spoil: func(r *reply) { r.FraudProbabilities, r.PredictedLabels = nil, nil }},
		"error of a row beyond":       {row: all, spoil: func(r *reply) { r.Errors = append(r.Errors, rowError(3)) }},
		"error of a row far beyond":   {row: all, spoil: func(r *reply) { r.Errors = append(r.Errors, rowError(math.MaxUint32)) }},
		"no version":                  {row: all, spoil: func(r *reply) { r.ModelVersion = "" }},
		"a long version":              {row: all, spoil: func(r *reply) { r.ModelVersion = strings.Repeat(secret, 20) }},
		"threshold above":             {row: all, spoil: func(r *reply) { r.Threshold = 1.1 }},
		"threshold below":             {row: all, spoil: func(r *reply) { r.Threshold = -0.1 }},
		"threshold NaN":               {row: all, spoil: func(r *reply) { r.Threshold = nan }},
		"probability NaN":             {row: 1, spoil: func(r *reply) { r.FraudProbabilities[1] = nan }},
		"probability Inf":             {row: 0, spoil: func(r *reply) { r.FraudProbabilities[0] = inf }},
		"probability -Inf":            {row: 2, spoil: func(r *reply) { r.FraudProbabilities[2] = -inf }},
		"probability below":           {row: 1, spoil: func(r *reply) { r.FraudProbabilities[1] = -0.1 }},
		"probability just above":      {row: 1, spoil: func(r *reply) { r.FraudProbabilities[1] = math.Nextafter(1, 2) }},
		"probability in percent":      {row: 1, spoil: func(r *reply) { r.FraudProbabilities[1] = 99.99 }},
		"percentage above":            {row: 1, spoil: func(r *reply) { r.FraudProbabilities[1] = 100.1 }, scale: predictor.ScalePercent},
		"label above the threshold":   {row: 2, spoil: func(r *reply) { r.PredictedLabels[2] = true }},
		"label below the threshold":   {row: 0, spoil: func(r *reply) { r.FraudProbabilities[0] = 0.5 }},
		"row error":                   {row: 1, spoil: func(r *reply) { r.Errors = append(r.Errors, rowError(1)) }},
		"row error beside NaN":        {row: 1, spoil: func(r *reply) { r.FraudProbabilities[1] = nan; r.Errors = append(r.Errors, rowError(1)) }},
		"row error, twice":            {row: 1, spoil: func(r *reply) { r.Errors = append(r.Errors, rowError(1), rowError(1)) }},
		"row error that says nothing": {row: 1, spoil: func(r *reply) { r.Errors = append(r.Errors, &fraud_detection.RowError{Row: 1}) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := good("v1")
			h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*reply, error) {
				r, err := thousandth("v1")(ctx, req)
				if !probing(req.Columns) {
					c.spoil(r)
				}
				return r, err
			}
			pool := openOn(t, h, predictor.Options{Scale: c.scale})
			got, err := pool.Predict(patient(t), payments(3))
			if c.row == all {
				checkUnavailable(t, err, secret)
				if got.Rows != nil {
					t.Errorf("beside the error stands %+v", got)
				}
				return
			}
			if err != nil || len(got.Rows) != 3 {
				t.Fatalf("%+v, %v", got, err)
			}
			for i, row := range got.Rows {
				if i != c.row && (row.Err != nil || row.Probability == 0) {
					t.Errorf("row %d: %+v, want a score", i, row)
				}
			}
			bad := got.Rows[c.row]
			checkUnavailable(t, bad.Err, secret)
			if bad.Probability != 0 || bad.Label {
				t.Errorf("beside the error stands the score %+v", bad)
			}
		})
	}
}

// all marks a case in which the whole call fails.
const all = -1

func TestAnErrorOfTheHostIsMaskedWhateverItsCode(t *testing.T) {
	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			var calls atomic.Int64
			h := good("v1")
			h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
				if probing(req.Columns) {
					return thousandth("v1")(ctx, req)
				}
				calls.Add(1)
				return nil, connect.NewError(code, errors.New("Traceback (most recent call last): password="+secret))
			}
			pool := openOn(t, h, predictor.Options{})
			_, err := pool.Predict(patient(t), payments(3))
			checkUnavailable(t, err, secret)
			want := int64(5) // all three, one and two of them, and each of the two: it may be for the sake of one
			switch code {
			case connect.CodeCanceled, connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeUnauthenticated, connect.CodePermissionDenied:
				want = 1 // it is for nobody's sake
			case connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeUnimplemented:
				want = 10 // each time once more, since its model may have come and gone meanwhile
			}
			if n := calls.Load(); n != want {
				t.Errorf("asked %d times, want %d", n, want)
			}
		})
	}
}

func TestAUnaryAnswerThatBreaksTheContractFailsItsRowAlone(t *testing.T) {
	type reply = fraud_detection.PredictionResponse
	for name, spoil := range map[string]func(*reply) error{
		"about another transaction": func(r *reply) error { r.TransactionId++; return nil },
		"about none":                func(r *reply) error { r.TransactionId = 0; return nil },
		"probability NaN":           func(r *reply) error { r.FraudProbability = math.NaN(); return nil },
		"probability Inf":           func(r *reply) error { r.FraudProbability = math.Inf(1); return nil },
		"probability below":         func(r *reply) error { r.FraudProbability = -0.1; return nil },
		"probability above":         func(r *reply) error { r.FraudProbability = 1.1; return nil },
		"error":                     func(*reply) error { return fmt.Errorf("Traceback: %s", secret) },
	} {
		t.Run(name, func(t *testing.T) {
			pool := openOn(t, &host{one: func(_ context.Context, req *fraud_detection.PredictionRequest) (*reply, error) {
				r := &reply{TransactionId: req.TransactionId, FraudProbability: 0.25}
				if req.TransactionId == 2 {
					return r, spoil(r)
				}
				return r, nil
			}}, predictor.Options{})
			rows := payments(3)
			got, err := pool.Predict(patient(t), rows)
			if err != nil || len(got.Rows) != 3 {
				t.Fatalf("%+v, %v", got, err)
			}
			want := fraud.Prediction{Probability: 0.25}
			if got.Rows[0] != want || got.Rows[2] != want {
				t.Errorf("the others: %+v", got.Rows)
			}
			checkUnavailable(t, got.Rows[1].Err, secret)
			if got.Rows[1].Probability != 0 {
				t.Errorf("beside the error stands the score %v", got.Rows[1].Probability)
			}
			_, err = pool.Predict(patient(t), rows[1:2])
			checkUnavailable(t, err, secret)
		})
	}
}

func TestWhatIsNoModelIsNeverReady(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a web page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "<html>"+secret) },
		"not found":  func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"failing":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, secret, http.StatusInternalServerError) },
		"an empty gRPC answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc+proto")
		},
		"half a gRPC message": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc+proto")
			w.Write([]byte{0, 0, 0, 1, 0, 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			address := socket(t)
			startHTTP(t, address, handler)
			pool, book := open(t, predictor.Options{Addresses: []string{address}})
			book.await(t, "predictor not ready")
			if pool.Ready() {
				t.Error("it is ready")
			}
			_, err := pool.Predict(patient(t), payments(1))
			checkUnavailable(t, err, secret)
		})
	}
}
