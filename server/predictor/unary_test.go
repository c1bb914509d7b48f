package predictor_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// A host of several processes on one port is given connections, not calls.
func TestSingleRowsAreSpreadOverSeveralConnections(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]int{} // by connection
	h := &host{one: func(ctx context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
		info, _ := connect.CallInfoForHandlerContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		calls[info.Peer().Addr]++
		return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId, FraudProbability: 0.25}, nil
	}}
	pool, book := open(t, predictor.Options{Addresses: []string{startTCP(t, h)}})
	book.await(t, "predictor ready")
	mu.Lock()
	clear(calls) // the probe's
	mu.Unlock()
	if _, err := pool.Predict(t.Context(), payments(400)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(calls) < 4 {
		t.Fatalf("calls by connection: %v, want several connections", calls)
	}
	for address, n := range calls {
		if n > 200 {
			t.Errorf("%d of 400 calls came over %s", n, address)
		}
	}
}

func TestAHostOfBatchesIsGivenOneAtATimeAndOneOfSingleRowsTwo(t *testing.T) {
	unary := &host{one: func(_ context.Context, req *fraud_detection.PredictionRequest) (*fraud_detection.PredictionResponse, error) {
		return &fraud_detection.PredictionResponse{TransactionId: req.TransactionId, FraudProbability: 0.25}, nil
	}}
	for name, c := range map[string]struct {
		hosts []*host
		want  int
	}{
		"one of batches":     {[]*host{good("v1")}, 1},
		"one of single rows": {[]*host{unary}, 2},
		"three of batches":   {[]*host{good("v1"), good("v1"), good("v1")}, 3},
	} {
		var opts predictor.Options
		for _, h := range c.hosts {
			opts.Addresses = append(opts.Addresses, startTCP(t, h))
		}
		pool, book := open(t, opts)
		for range c.hosts {
			book.await(t, "predictor ready")
		}
		if got := pool.Slots(); got != c.want {
			t.Errorf("%s: %d slots, want %d", name, got, c.want)
		}
	}
}

// startTCP serves h on a port, where each connection has an address of its own.
func startTCP(t *testing.T, h *host) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(fraud_detectionconnect.NewFraudDetectionServiceHandler(h))
	server := httptest.NewUnstartedServer(mux)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}
