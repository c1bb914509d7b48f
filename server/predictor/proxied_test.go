package predictor_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// Texts as proxies of Ray Serve 2.60 send them, under the code INTERNAL.
const (
	raisedOnRay = "ray::ServeReplica:fraud:Predictor.handle_request_with_rejection() (pid=4074, ip=10.0.0.7)\n" +
		"  File \"/opt/app/ray/serve/_private/replica.py\", line 1576, in handle_request\n    return await self._call()\n" +
		"           ^^^^^^^^^^^^^^^^^^\n  File \"/opt/app/own.py\", line 3, in PredictFraudBatch\n    raise ValueError(\"no such column\")\n" +
		"ValueError: no such column"
	diedOnRay = "The actor died unexpectedly before finishing this task.\n\tclass_name: ServeReplica:fraud:Predictor\n" +
		"\tactor_id: 5d0ae9\n\tpid: 3964\n\tip: 10.0.0.7\nThe actor is dead because its worker process has died."
)

func TestAStackTraceIsCutToWhatItMeans(t *testing.T) {
	for sent, want := range map[string]string{
		raisedOnRay: "ValueError: no such column",
		diedOnRay:   "The actor died unexpectedly before finishing this task.",
		"Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nKeyError: 'x'\n": "KeyError: 'x'",
		"of one line, as ever": "of one line, as ever",
	} {
		h := good("v1")
		h.batch = func(context.Context, *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
			return nil, connect.NewError(connect.CodeInternal, errors.New(sent))
		}
		address := socket(t)
		start(t, address, h)
		pool, book := open(t, predictor.Options{Addresses: []string{address}})
		line := book.await(t, "predictor not ready")
		if !strings.HasSuffix(line, "error=internal: "+want) || strings.Contains(line, "\n") {
			t.Errorf("the log has %q, want %q at its end", line, want)
		}
		_, err := pool.Predict(patient(t), payments(1))
		checkUnavailable(t, err, "File")
	}
}

func TestAProxyIsToldTheApplication(t *testing.T) {
	var told atomic.Value
	mux := http.NewServeMux()
	path, handler := fraud_detectionconnect.NewFraudDetectionServiceHandler(good("v1"))
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		told.Store(r.Header.Get("application"))
		handler.ServeHTTP(w, r)
	})
	for _, application := range []string{"", "fraud"} {
		address := socket(t)
		startHTTP(t, address, mux)
		_, book := open(t, predictor.Options{Addresses: []string{address}, Application: application})
		book.await(t, "predictor ready")
		if told.Load() != application {
			t.Errorf("the host was told %q, want %q", told.Load(), application)
		}
	}
}

// Behind a proxy that is the only host another replica may answer what one has not.
func TestAProxyIsAskedOnceMore(t *testing.T) {
	for application, want := range map[string]int64{"": 1, "fraud": 2} {
		var calls atomic.Int64
		h := good("v1")
		h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
			if !probing(req.Columns) && calls.Add(1) == 1 {
				return nil, connect.NewError(connect.CodeInternal, errors.New(diedOnRay))
			}
			return thousandth("v1")(ctx, req)
		}
		pool := openOn(t, h, predictor.Options{Application: application})
		rows := payments(1)
		got, err := pool.Predict(patient(t), rows)
		if n := calls.Load(); n != want || (err == nil) != (want == 2) {
			t.Errorf("application %q: %d calls, want %d; %v", application, n, want, err)
		}
		if err == nil {
			checkThousandths(t, got, rows)
		}
	}
}

func TestAHostIsSentAsManyBatchesAsItHasReplicas(t *testing.T) {
	if got := openOn(t, good("v1"), predictor.Options{Batches: 3}).Slots(); got != 3 {
		t.Errorf("%d slots, want 3", got)
	}
}
