package predictor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// exchanging is a host whose model may be exchanged at any moment, and which
// takes exactly the columns of the one that it serves.
type exchanging struct {
	mu      sync.Mutex
	serving *fraud_detection.GetModelResponse
	calls   []string                        // GetModel, Predict and Explain, but for those of a probe
	onCall  func([]*fraud_detection.Column) // run before each call but a probe's; nil: nothing
	onProbe func()                          // run before a probe's score
}

func exchangingFrom(version string, facts ...string) *exchanging {
	e := &exchanging{}
	e.exchange(version, facts...)
	return e
}

// exchange has another model serve from now on.
func (e *exchanging) exchange(version string, facts ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.serving, _ = describe(version, facts...)()
}

// calledAs are the calls since it was last asked.
func (e *exchanging) calledAs() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() { e.calls = nil }()
	return e.calls
}

func (e *exchanging) now(call string) *fraud_detection.GetModelResponse {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, call)
	return e.serving
}

// take refuses other columns than those of the model that serves.
func (e *exchanging) take(call string, columns []*fraud_detection.Column) (*fraud_detection.GetModelResponse, error) {
	if probing(columns) {
		if e.onProbe != nil {
			e.onProbe()
		}
	} else if e.onCall != nil {
		e.onCall(columns)
	}
	model := e.now(call)
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, model.Facts) {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("column %s: %s", names, secret))
	}
	return model, nil
}

func (e *exchanging) host() *host {
	return &host{
		model: func() (*fraud_detection.GetModelResponse, error) { return e.now("GetModel"), nil },
		batch: func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
			model, err := e.take("Predict", req.Columns)
			if err != nil {
				return nil, err
			}
			return thousandth(model.Version)(ctx, req)
		},
		explain: func(_ context.Context, req *fraud_detection.ExplainFraudBatchRequest) (*fraud_detection.ExplainFraudBatchResponse, error) {
			model, err := e.take("Explain", req.Columns)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(model.Capabilities, fraud_detection.Capability_CAPABILITY_EXPLAIN_BATCH) {
				return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("this model cannot explain"))
			}
			return &fraud_detection.ExplainFraudBatchResponse{ModelVersion: model.Version}, nil
		},
	}
}

func TestACallOutlastsAnExchangeOfTheModel(t *testing.T) {
	e := exchangingFrom("v1", "amount", "time")
	pool := openOn(t, e.host(), predictor.Options{}) // it will not look again by itself
	rows := payments(3)
	for _, step := range []struct {
		version string
		facts   []string
		calls   []string
	}{
		{"v1", []string{"amount", "time"}, []string{"Predict"}},
		{"v2", []string{"amount"}, []string{"Predict", "GetModel", "Predict"}},
		{"v3", []string{"amount"}, []string{"Predict"}},
		{"v4", []string{"amount", "age_of_account", "time"}, []string{"Predict", "GetModel", "Predict"}},
		{"v4", []string{"amount", "age_of_account", "time"}, []string{"Predict"}},
		{"v5", []string{"amount", "time", "age_of_account"}, []string{"Predict", "GetModel", "Predict"}},
	} {
		e.exchange(step.version, step.facts...)
		e.calledAs()
		got, err := pool.Predict(patient(t), rows)
		if err != nil || got.ModelVersion != step.version {
			t.Fatalf("%s: %+v, %v", step.version, got, err)
		}
		checkThousandths(t, got, rows)
		if calls := e.calledAs(); !slices.Equal(calls, step.calls) {
			t.Errorf("%s: called %v, want %v", step.version, calls, step.calls)
		}
	}
	if m, err := pool.Model(); err != nil || m.Version != "v5" || len(m.Facts) != 3 {
		t.Errorf("it is known as %+v, %v", m, err)
	}
}

func TestAnExplanationOutlastsAnExchangeToo(t *testing.T) {
	e := exchangingFrom("v1", "amount", "time")
	pool := openOn(t, e.host(), predictor.Options{})
	e.exchange("v2", "amount")
	if got, err := pool.Explain(patient(t), payments(3)); err != nil || got.ModelVersion != "v2" || len(got.Rows) != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	e.exchange("v3", "amount")
	e.serving.Capabilities = e.serving.Capabilities[:1]
	if _, err := pool.Explain(patient(t), payments(3)); fraud.ReasonOf(err) != fraud.ReasonUnimplemented {
		t.Errorf("by a model that does not explain: %v, want UNIMPLEMENTED", err)
	}
}

func TestAHostThatTakesToRowsOneByOneIsAskedSo(t *testing.T) {
	e := exchangingFrom("v1", "amount")
	h := e.host()
	h.one = func(_ context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
		return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId, PredictedLabel: req.Amount >= 500, FraudProbability: req.Amount / 1000}, nil
	}
	pool := openOn(t, h, predictor.Options{})
	h.batch, h.model = nil, nil // as when another server has taken its place
	rows := payments(3)
	got, err := pool.Predict(patient(t), rows)
	if err != nil || got.ModelVersion != predictor.DefaultVersion {
		t.Fatalf("%+v, %v", got, err)
	}
	checkThousandths(t, got, rows)
}

// A call is on its way with the old model's columns; the host changes, refuses
// them, and is back at the old model when it is asked what it wants.
func TestAModelThatCameAndWentCostsNoCall(t *testing.T) {
	e := exchangingFrom("v1", "amount", "time")
	h, came := e.host(), false
	serve := h.batch
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if !probing(req.Columns) && !came {
			came = true
			e.exchange("v2", "amount")
			defer e.exchange("v1", "amount", "time")
		}
		return serve(ctx, req)
	}
	pool := openOn(t, h, predictor.Options{})
	e.calledAs()
	got, err := pool.Predict(patient(t), payments(3))
	if err != nil || got.ModelVersion != "v1" {
		t.Errorf("%+v, %v", got, err)
	}
	if calls := e.calledAs(); !slices.Equal(calls, []string{"Predict", "GetModel", "Predict"}) {
		t.Errorf("called %v", calls)
	}
}

func TestAHostThatNeverTakesWhatItWantsIsGivenUp(t *testing.T) {
	e := exchangingFrom("v1", "amount", "time")
	pool := openOn(t, e.host(), predictor.Options{})
	n := 0
	e.onCall = func(sent []*fraud_detection.Column) { // whatever it is sent, it wants one more by then
		n++
		e.exchange(fmt.Sprint("w", n), []string{"amount", "time", "age_of_account"}[:len(sent)%3+1]...)
	}
	e.calledAs()
	_, err := pool.Predict(patient(t), payments(1))
	checkUnavailable(t, err, secret)
	if calls := e.calledAs(); len(calls) > 16 {
		t.Errorf("%d calls: %v", len(calls), calls)
	}
}

func TestAnExchangeForAModelThatCannotBeServedIsAnErrorAndTheOldOneStaysKnown(t *testing.T) {
	e := exchangingFrom("v1", "amount", "time")
	pool := openOn(t, e.host(), predictor.Options{})
	e.exchange("v2", "amount", "shoe_size")
	_, err := pool.Predict(patient(t), payments(3))
	checkUnavailable(t, err, "shoe_size")
	if m, err := pool.Model(); err != nil || m.Version != "v1" {
		t.Errorf("%+v, %v", m, err)
	}
}

// The host exchanges its model between the two halves of a probe, over and over.
func TestAnExchangeDuringAProbeDoesNotMakeAHostNotReady(t *testing.T) {
	e := exchangingFrom("v0", "amount", "time")
	n, done := 0, make(chan struct{})
	e.onProbe = func() {
		if n%2 == 0 { // the second attempt finds what it was told
			e.exchange(fmt.Sprint("v", n), [][]string{{"amount"}, {"amount", "time"}}[n/2%2]...)
		}
		if n++; n == 40 {
			close(done)
		}
	}
	address := socket(t)
	start(t, address, e.host())
	pool, book := open(t, predictor.Options{Addresses: []string{address}, WatchEvery: time.Millisecond})
	<-done
	pool.Close()
	if line, found, _ := book.read([]string{"not ready"}); found {
		t.Error(line)
	}
}

// Hosts are changed one after the other, as an operator does, while callers ask.
func TestSeveralHostsMayExchangeTheirModelsAtDifferentMoments(t *testing.T) {
	hosts := []*exchanging{exchangingFrom("v0", "amount", "time"), exchangingFrom("v0", "amount", "time"), exchangingFrom("v0", "amount", "time")}
	var addresses []string
	for _, e := range hosts {
		addresses = append(addresses, socket(t))
		start(t, addresses[len(addresses)-1], e.host())
	}
	pool, book := open(t, predictor.Options{Addresses: addresses, WatchEvery: 5 * time.Millisecond})
	for range hosts {
		book.await(t, "predictor ready")
	}
	var callers sync.WaitGroup
	exchanged := make(chan struct{})
	for range 8 {
		callers.Go(func() {
			rows := payments(5)
			for {
				got, err := pool.Predict(patient(t), rows)
				if err != nil {
					t.Error(err)
					return
				}
				checkThousandths(t, got, rows)
				select {
				case <-exchanged:
					return
				default:
				}
			}
		})
	}
	for n := range 200 {
		for _, e := range hosts {
			e.exchange(fmt.Sprint("v", n), [][]string{{"amount"}, {"amount", "time"}, {"amount", "time", "age_of_account"}}[n%3]...)
			if _, err := pool.Predict(patient(t), payments(1)); err != nil {
				t.Error(err)
			}
		}
	}
	close(exchanged)
	callers.Wait()
}
