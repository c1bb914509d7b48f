package predictor_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// allergic is a host that fails every batch with one of these amounts in it.
func allergic(calls *atomic.Int64, amounts ...float64) *host {
	h := good("v1")
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if !probing(req.Columns) {
			calls.Add(1)
		}
		for _, sent := range req.Columns[0].Values {
			for _, bad := range amounts {
				if sent == bad {
					return nil, connect.NewError(connect.CodeInternal, errors.New("ValueError: "+secret))
				}
			}
		}
		return thousandth("v1")(ctx, req)
	}
	return h
}

func TestABadRowFailsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		rows, most int
		bad        []float64
	}{
		"first of a thousand":     {1000, 21, []float64{100}},
		"within a thousand":       {1000, 21, []float64{567}},
		"last of a thousand":      {1000, 21, []float64{1099}},
		"three far apart":         {1000, 60, []float64{100, 433, 1000}},
		"of two":                  {2, 3, []float64{101}},
		"three side by side of 9": {9, 15, []float64{103, 104, 105}},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			pool := openOn(t, allergic(&calls, c.bad...), predictor.Options{})
			rows := payments(c.rows)
			got, err := pool.Predict(patient(t), rows)
			if err != nil || got.ModelVersion != "v1" || got.Threshold != 0.5 {
				t.Fatalf("%v, version %s", err, got.ModelVersion)
			}
			for i, row := range got.Rows {
				isBad := false
				for _, bad := range c.bad {
					isBad = isBad || rows[i].Facts.Amount == bad
				}
				if !isBad && row.Probability != rows[i].Facts.Amount/1000 && rows[i].Facts.Amount < 1000 {
					t.Errorf("row %d: %+v", i, row)
				}
				if isBad {
					checkUnavailable(t, row.Err, secret)
				}
			}
			if n := calls.Load(); n > int64(c.most) {
				t.Errorf("it took %d calls, want at most %d", n, c.most)
			}
		})
	}
}

func TestAnOutageIsNotDividedForEver(t *testing.T) {
	var calls atomic.Int64
	every := make([]float64, 1000)
	for i := range every {
		every[i] = float64(100 + i)
	}
	pool := openOn(t, allergic(&calls, every...), predictor.Options{})
	_, err := pool.Predict(patient(t), payments(1000))
	checkUnavailable(t, err, secret)
	if n := calls.Load(); n > 8 {
		t.Errorf("%d calls for a batch that nobody answers", n)
	}
}

func TestPartsByDifferentModelsAreNotMixed(t *testing.T) {
	var calls atomic.Int64
	h := allergic(&calls, 100)
	inner := h.batch
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		reply, err := inner(ctx, req)
		if reply != nil && !probing(req.Columns) {
			reply.ModelVersion = fmt.Sprint("v", calls.Load())
		}
		return reply, err
	}
	got, err := openOn(t, h, predictor.Options{}).Predict(patient(t), payments(8))
	if err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, row := range got.Rows {
		if row.Err == nil {
			answered++
			continue
		}
		checkUnavailable(t, row.Err, secret)
	}
	if answered != 4 || got.ModelVersion != "v3" {
		t.Errorf("%d rows answered by %s, want the half that was answered first", answered, got.ModelVersion)
	}
}

// failing is a host that answers probes and nothing else, until it is well.
type failing struct {
	*host
	calls atomic.Int64
	well  atomic.Bool
}

func newFailing(code connect.Code) *failing {
	f := &failing{host: good("v1")}
	f.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if probing(req.Columns) || f.well.Load() {
			return thousandth("v1")(ctx, req)
		}
		f.calls.Add(1)
		return nil, connect.NewError(code, errors.New(secret))
	}
	return f
}

func TestAHostThatFailsCallsInARowIsLeftAloneAndTriedByProbes(t *testing.T) {
	f := newFailing(connect.CodeUnavailable)
	address := socket(t)
	start(t, address, f.host)
	pool, book := open(t, predictor.Options{Addresses: []string{address}})
	book.await(t, "predictor ready")
	var refused *fraud.Error
	for range 100 {
		_, err := pool.Predict(patient(t), payments(1))
		checkUnavailable(t, err, secret)
		errors.As(err, &refused)
	}
	if n := f.calls.Load(); n > 10 {
		t.Errorf("it was called %d times", n)
	}
	if refused.RetryAfter <= 0 {
		t.Error("the last refusal does not tell when to come again")
	}
	f.well.Store(true)
	rows := payments(1)
	patience, tick := patient(t), time.Tick(time.Millisecond)
	for { // until a probe has closed the breaker
		if got, err := pool.Predict(patience, rows); err == nil {
			checkThousandths(t, got, rows)
			return
		}
		select {
		case <-tick:
		case <-patience.Done():
			t.Fatal("it is left alone for good")
		}
	}
}

func TestCallsGoElsewhereButRetriesHaveABudget(t *testing.T) {
	sick, live := newFailing(connect.CodeUnavailable), newFailing(connect.CodeUnavailable)
	live.well.Store(true)
	first, second := socket(t), socket(t)
	start(t, first, sick.host)
	start(t, second, live.host)
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
	if n := sick.calls.Load(); n < 1 || n > 30 {
		t.Errorf("the sick one was called %d times, want a few until it is left alone", n)
	}
}

func TestWhatIsUnderWayOnAHostThatFallsSilentIsAnsweredByTheOther(t *testing.T) {
	var silent atomic.Bool
	asked := make(chan struct{}, 100)
	h := good("v1")
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if silent.Load() {
			if !probing(req.Columns) {
				asked <- struct{}{}
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return thousandth("v1")(ctx, req)
	}
	first, second := socket(t), socket(t)
	start(t, first, h)
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}, WatchEvery: 10 * time.Millisecond, ProbeTimeout: 300 * time.Millisecond})
	book.await(t, "predictor ready", first)
	silent.Store(true)
	rows := payments(2)
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			got, err := pool.Predict(patient(t), rows) // for a minute: its half would be long
			if err != nil {
				t.Error(err)
				return
			}
			checkThousandths(t, got, rows)
		})
	}
	for range 3 {
		<-asked
	}
	start(t, second, good("v1"))
	book.await(t, "predictor ready", second)
	callers.Wait()
	silent.Store(false)
	book.await(t, "predictor ready", first)
}

func TestTheFirstOfTwoHostsHasHalfOfTheTime(t *testing.T) {
	var hang atomic.Bool
	h := good("v1")
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if !probing(req.Columns) && hang.Load() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return thousandth("v1")(ctx, req)
	}
	first, second := socket(t), socket(t)
	start(t, first, h)
	start(t, second, good("v1"))
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	hang.Store(true)
	rows := payments(1)
	for range 8 { // on whichever
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		got, err := pool.Predict(ctx, rows)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		checkThousandths(t, got, rows)
	}
}

func TestRowsLostWithAHostThatAnswersRowByRowAreAskedElsewhere(t *testing.T) {
	var lost atomic.Int64
	unary := func(lose bool) *host {
		return &host{one: func(_ context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
			if lose && req.TransactionId > 0 && req.TransactionId%2 == 0 {
				lost.Add(1)
				return nil, connect.NewError(connect.CodeUnavailable, errors.New(secret))
			}
			return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId, FraudProbability: float64(req.TransactionId) / 100}, nil
		}}
	}
	first, second := socket(t), socket(t)
	start(t, first, unary(true))
	start(t, second, unary(false))
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	rows := payments(10)
	for range 20 {
		got, err := pool.Predict(patient(t), rows)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got.Rows {
			if row.Err != nil || math.Abs(row.Probability-float64(rows[i].Seq)/100) > 1e-12 {
				t.Errorf("row %d: %+v", i, row)
			}
		}
	}
	if lost.Load() == 0 {
		t.Error("no row was lost: nothing was tested")
	}
}
