package predictor_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

func TestADeadHostBesideALiveOneFailsNoCall(t *testing.T) {
	live, dead := socket(t), socket(t)
	start(t, live, good("v1"))
	pool, book := open(t, predictor.Options{Addresses: []string{dead, live}})
	book.await(t, "predictor ready", live)
	rows := payments(3)
	for range 200 {
		got, err := pool.Predict(patient(t), rows)
		if err != nil {
			t.Fatal(err)
		}
		checkThousandths(t, got, rows)
	}
	if !pool.Ready() {
		t.Error("not ready with one live host")
	}
	if m, err := pool.Model(); err != nil || m.Version != "v1" {
		t.Errorf("Model: %+v, %v", m, err)
	}
}

func TestNoHostMeansPredictorUnavailable(t *testing.T) {
	pool, book := open(t, predictor.Options{Addresses: []string{socket(t), socket(t)}})
	book.await(t, "predictor not ready")
	book.await(t, "predictor not ready")
	_, err := pool.Predict(patient(t), payments(1))
	checkUnavailable(t, err, "dial")
	_, err = pool.Explain(patient(t), payments(1))
	checkUnavailable(t, err, "dial")
	_, err = pool.Model()
	checkUnavailable(t, err, "dial")
	if pool.Ready() {
		t.Error("it is ready")
	}
}

func TestCallsOfAHostThatDiesMidwayAreAnsweredByTheOther(t *testing.T) {
	var entered atomic.Int64
	full := make(chan struct{}) // closed when calls wait in the host that is to die
	dying := good("v1")
	dying.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if probing(req.Columns) {
			return thousandth("v1")(ctx, req)
		}
		if entered.Add(1) == 20 {
			close(full)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	first, second := socket(t), socket(t)
	kill := start(t, first, dying)
	start(t, second, good("v1"))
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	rows := payments(5)
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			for held := false; !held; { // on to the next call until the host is dead
				select {
				case <-full:
					held = true
				default:
				}
				got, err := pool.Predict(patient(t), rows)
				if err != nil {
					t.Error(err)
					return
				}
				checkThousandths(t, got, rows)
			}
		})
	}
	<-full
	kill()
	callers.Wait()
	if n := entered.Load(); n < 20 {
		t.Errorf("%d calls were under way when the host died, want 20", n)
	}
}

func TestBothHostsDyingMidwayMeansPredictorUnavailable(t *testing.T) {
	asked := make(chan struct{}, 2)
	hanging := good("v1")
	hanging.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if probing(req.Columns) {
			return thousandth("v1")(ctx, req)
		}
		asked <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	first, second := socket(t), socket(t)
	killFirst, killSecond := start(t, first, hanging), start(t, second, hanging)
	pool, book := open(t, predictor.Options{Addresses: []string{first, second}})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	failed := make(chan error)
	go func() {
		_, err := pool.Predict(patient(t), payments(1))
		failed <- err
	}()
	<-asked
	killFirst()
	killSecond()
	checkUnavailable(t, <-failed, "EOF")
}

// hangingPool is a pool whose host never answers, and tells when it is asked.
func hangingPool(t *testing.T) (*predictor.Pool, <-chan struct{}) {
	asked := make(chan struct{}, 1)
	h := good("v1")
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if probing(req.Columns) {
			return thousandth("v1")(ctx, req)
		}
		asked <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return openOn(t, h, predictor.Options{}), asked
}

func TestTheCallersDeadlineIsKept(t *testing.T) {
	pool, _ := hangingPool(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := pool.Predict(ctx, payments(1)); !errors.Is(err, context.DeadlineExceeded) || fraud.ReasonOf(err) != fraud.ReasonDeadlineExceeded {
		t.Errorf("%v, want the deadline and no reason of the model", err)
	}
}

func TestACallersLeavingIsItsOwn(t *testing.T) {
	pool, asked := hangingPool(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := pool.Predict(ctx, payments(1)); !errors.Is(err, context.Canceled) || fraud.ReasonOf(err) != fraud.ReasonInternal {
		t.Errorf("%v, want context.Canceled and no reason of the model", err)
	}
}

func TestACallersDeadlineIsKeptRowByRow(t *testing.T) {
	h := &host{one: func(ctx context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
		if req.TransactionId > 0 {
			<-ctx.Done()
		}
		return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId}, ctx.Err()
	}}
	pool := openOn(t, h, predictor.Options{UnaryCalls: 2})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := pool.Predict(ctx, payments(10)); !errors.Is(err, context.DeadlineExceeded) || fraud.ReasonOf(err) != fraud.ReasonDeadlineExceeded {
		t.Errorf("%v, want the deadline and no reason of the model", err)
	}
}

func TestANewVersionIsSeenWhileServing(t *testing.T) {
	var version atomic.Value
	version.Store("v1")
	h := &host{
		model: func() (*fraud_detection.GetModelResponse, error) {
			return describe(version.Load().(string), "amount")()
		},
		batch: func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
			return thousandth(version.Load().(string))(ctx, req)
		},
	}
	address := socket(t)
	start(t, address, h)
	pool, book := open(t, predictor.Options{Addresses: []string{address}, WatchEvery: time.Millisecond})
	book.await(t, "predictor ready", "model_version=v1")
	version.Store("v2")
	book.await(t, "predictor ready", "model_version=v2")
	if m, err := pool.Model(); err != nil || m.Version != "v2" {
		t.Errorf("Model: %+v, %v", m, err)
	}
	if got, err := pool.Predict(patient(t), payments(1)); err != nil || got.ModelVersion != "v2" {
		t.Errorf("Predict: %+v, %v", got, err)
	}
}

func TestAHostThatComesBackOnItsAddressServesAgain(t *testing.T) {
	address := socket(t)
	kill := start(t, address, good("v1"))
	pool, book := open(t, predictor.Options{Addresses: []string{address}, WatchEvery: time.Millisecond})
	book.await(t, "predictor ready")
	kill()
	book.await(t, "predictor not ready", address)
	_, err := pool.Predict(patient(t), payments(1))
	checkUnavailable(t, err, address)
	if m, err := pool.Model(); err != nil || m.Version != "v1" {
		t.Errorf("Model, as last seen: %+v, %v", m, err)
	}
	start(t, address, good("v2"))
	book.await(t, "predictor ready", "model_version=v2")
	rows := payments(2)
	got, err := pool.Predict(patient(t), rows)
	if err != nil || got.ModelVersion != "v2" {
		t.Fatalf("%+v, %v", got, err)
	}
	checkThousandths(t, got, rows)
}

func TestAHostThatHangsIsNotReadyAnyMore(t *testing.T) {
	var hang atomic.Bool
	h := good("v1")
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if hang.Load() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return thousandth("v1")(ctx, req)
	}
	address := socket(t)
	start(t, address, h)
	_, book := open(t, predictor.Options{Addresses: []string{address}, WatchEvery: time.Millisecond, ProbeTimeout: 200 * time.Millisecond})
	book.await(t, "predictor ready")
	hang.Store(true)
	book.await(t, "predictor not ready", address)
	hang.Store(false)
	book.await(t, "predictor ready")
}
