package predictor_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// badRow has the amount that the hosts below cannot score.
const badRow = 100

// stumbling are hosts that cannot score one amount, each in its way, and all others.
func stumbling() map[string]*host {
	answersNaN := func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		reply, err := thousandth("v1")(ctx, req)
		for i, amount := range req.Columns[0].Values {
			if amount == badRow {
				reply.FraudProbabilities[i] = math.NaN()
			}
		}
		return reply, err
	}
	one := func(spoil func(*fraud_detection.PredictionResponse) error) *host {
		return &host{one: func(_ context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
			reply := &fraud_detection.PredictionResponse{TransactionId: req.TransactionId, FraudProbability: req.Amount / 1000}
			if req.Amount == badRow {
				return reply, spoil(reply)
			}
			return reply, nil
		}}
	}
	return map[string]*host{
		"it raises":      allergic(new(atomic.Int64), badRow),
		"it answers NaN": {model: describe("v1", "amount"), batch: answersNaN},
		"row by row, it raises": one(func(*fraud_detection.PredictionResponse) error {
			return connect.NewError(connect.CodeInternal, errors.New(secret))
		}),
		"row by row, it answers NaN": one(func(r *fraud_detection.PredictionResponse) error {
			r.FraudProbability = math.NaN()
			return nil
		}),
	}
}

// Whoever repeats a row that hosts cannot score must not have others refused.
func TestAHostIsNotLeftAloneForTheSakeOfARow(t *testing.T) {
	for name, h := range stumbling() {
		for hosts := 1; hosts <= 2; hosts++ {
			t.Run(fmt.Sprint(name, ", hosts: ", hosts), func(t *testing.T) {
				var opts predictor.Options
				for range hosts {
					address := socket(t)
					start(t, address, h)
					opts.Addresses = append(opts.Addresses, address)
				}
				pool, book := open(t, opts)
				for range hosts {
					book.await(t, "predictor ready")
				}
				for range 3 * 10 {
					got, err := pool.Predict(patient(t), payments(1)) // it alone
					if err == nil {
						err = got.Rows[0].Err
					}
					checkUnavailable(t, err, secret)
				}
				for range 3 * 10 {
					got, err := pool.Predict(patient(t), payments(3)) // among others
					if err != nil {
						t.Fatal(err)
					}
					checkUnavailable(t, got.Rows[0].Err, secret)
					if got.Rows[1].Err != nil || got.Rows[2].Err != nil {
						t.Fatalf("the others: %+v", got.Rows)
					}
				}
			})
		}
	}
}

// What is for nobody's sake but the host's is seen by what another answers.
func TestAHostThatFailsWhatAnotherAnswersIsLeftAlone(t *testing.T) {
	nan := func(r *fraud_detection.PredictFraudBatchResponse) error {
		r.FraudProbabilities[0] = math.NaN()
		return nil
	}
	for name, spoil := range map[string]func(*fraud_detection.PredictFraudBatchResponse) error{
		"it raises":      func(*fraud_detection.PredictFraudBatchResponse) error { return errors.New(secret) },
		"it answers NaN": nan,
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			sick := good("v1")
			sick.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
				reply, err := thousandth("v1")(ctx, req)
				if probing(req.Columns) {
					return reply, err
				}
				calls.Add(1)
				return reply, spoil(reply)
			}
			first, second := socket(t), socket(t)
			start(t, first, sick)
			start(t, second, good("v1"))
			pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
			book.await(t, "predictor ready")
			book.await(t, "predictor ready")
			rows := payments(1)
			for range 100 {
				got, err := pool.Predict(patient(t), rows)
				if err != nil {
					t.Fatal(err)
				}
				checkThousandths(t, got, rows)
			}
			if n := calls.Load(); n < 1 || n > 30 {
				t.Errorf("it was called %d times, want a few until it is left alone", n)
			}
		})
	}
}

// A host with a defect that every row meets is not asked for ever: many rows are not
// bad all at once.
func TestAHostThatFailsEveryRowOfManyIsLeftAlone(t *testing.T) {
	type reply = fraud_detection.PredictFraudBatchResponse
	const rows = 64
	for name, spoil := range map[string]func(*reply) error{
		"it raises":         func(*reply) error { return errors.New(secret) },
		"too few are there": func(r *reply) error { r.FraudProbabilities = r.FraudProbabilities[1:]; return nil },
		"all are NaN": func(r *reply) error {
			for i := range r.FraudProbabilities {
				r.FraudProbabilities[i] = math.NaN()
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			h := good("v1")
			h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*reply, error) {
				r, err := thousandth("v1")(ctx, req)
				if probing(req.Columns) {
					return r, err
				}
				calls.Add(1)
				return r, spoil(r)
			}
			pool := openOn(t, h, predictor.Options{})
			for range 100 {
				got, err := pool.Predict(patient(t), payments(rows))
				if err == nil {
					err = got.Rows[rows-1].Err
				}
				checkUnavailable(t, err, secret)
			}
			if n := calls.Load(); n >= 100 {
				t.Errorf("%d calls for 100 batches that nobody answers", n)
			}
		})
	}
}

func TestAHostThatAnswersRowByRowIsNotAskedInParts(t *testing.T) {
	var calls atomic.Int64
	pool := openOn(t, &host{one: func(_ context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
		if req.TransactionId == 0 { // the probe
			return &fraud_detection.PredictionResponse{FraudProbability: 0.25}, nil
		}
		calls.Add(1)
		return nil, connect.NewError(connect.CodeInternal, errors.New(secret))
	}}, predictor.Options{})
	_, err := pool.Predict(patient(t), payments(40))
	checkUnavailable(t, err, secret)
	if n := calls.Load(); n != 40 {
		t.Errorf("%d calls about 40 rows", n)
	}
}

// While a model is replaced host by host, parts are asked of one of them.
func TestABatchIsAnsweredInPartsByOneModel(t *testing.T) {
	first, second := socket(t), socket(t)
	for address, version := range map[string]string{first: "v1", second: "v2"} {
		h := allergic(new(atomic.Int64), badRow)
		inner := h.batch
		h.model = describe(version, "amount")
		h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
			reply, err := inner(ctx, req)
			if reply != nil {
				reply.ModelVersion = version
			}
			return reply, err
		}
		start(t, address, h)
	}
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	for range 10 {
		got, err := pool.Predict(patient(t), payments(16))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got.Rows {
			if (row.Err != nil) != (i == 0) {
				t.Fatalf("row %d: %+v, want the first alone to fail", i, row)
			}
		}
	}
}

// Hosts that fail every other call are never left alone: the budget alone holds down
// how often calls are made again.
func TestAHalfOutageIsNotMadeWorseByRetries(t *testing.T) {
	var calls atomic.Int64
	var opts predictor.Options
	for range 2 {
		var turn atomic.Int64
		h := good("v1")
		h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
			if !probing(req.Columns) {
				calls.Add(1)
				if turn.Add(1)%2 == 0 {
					return nil, connect.NewError(connect.CodeUnavailable, errors.New(secret))
				}
			}
			return thousandth("v1")(ctx, req)
		}
		address := socket(t)
		start(t, address, h)
		opts.Addresses = append(opts.Addresses, address)
	}
	pool, book := open(t, opts)
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	const wanted = 2000
	began, rows := time.Now(), payments(1)
	for range wanted {
		if _, err := pool.Predict(t.Context(), rows); err != nil {
			checkUnavailable(t, err, secret)
		}
	}
	// A fifth, what is saved up, and five a second: of these, the time that it took.
	most := wanted*1.2 + 50 + 5*(1+time.Since(began).Seconds())
	if n := float64(calls.Load()); n <= wanted || n > most {
		t.Errorf("%v calls for %d that were wanted, want at most %v", n, wanted, most)
	}
}
