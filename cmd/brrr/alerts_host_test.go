package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

// Amounts that a pliantHost knows.
const (
	harmless   = 20.
	suspicious = 2000. // it is labelled fraud
	upsetting  = 13.   // it fails the call
)

// pliantHost is a model's host in Go that does what it is told. It stays at its address
// however often it is ended and started.
type pliantHost struct {
	fraud_detectionconnect.UnimplementedFraudDetectionServiceHandler
	t       *testing.T
	address string
	server  *http.Server
	version atomic.Pointer[string]
	takes   atomic.Int64 // nanoseconds for a batch
	takesOf atomic.Int64 // nanoseconds more for each row
	upset   atomic.Bool  // by every third batch
	asked   atomic.Int64
}

func startPliantHost(t *testing.T, version string) *pliantHost {
	t.Helper()
	h := &pliantHost{t: t, address: freeAddress(t)}
	h.serves(version)
	h.listen()
	t.Cleanup(func() { h.end() })
	return h
}

// flag has a server ask it, and others.
func (h *pliantHost) flag(others ...string) string {
	flag := "--predictor=http://" + h.address
	for _, other := range others {
		flag += ",http://" + other
	}
	return flag
}

func (h *pliantHost) serves(version string) { h.version.Store(&version) }

func (h *pliantHost) listen() {
	h.t.Helper()
	listener, err := net.Listen("tcp", h.address)
	if err != nil {
		h.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(fraud_detectionconnect.NewFraudDetectionServiceHandler(h))
	h.server = &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	h.server.Protocols.SetUnencryptedHTTP2(true)
	go h.server.Serve(listener)
}

// end has it be gone, connections and all.
func (h *pliantHost) end() { h.server.Close() }

// GetModel implements the contract.
func (h *pliantHost) GetModel(context.Context, *fraud_detection.GetModelRequest) (*fraud_detection.GetModelResponse, error) {
	return describeHost(*h.version.Load()), nil
}

// PredictFraudBatch implements the contract. Probes are always answered, and at once.
func (h *pliantHost) PredictFraudBatch(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	amounts := req.Columns[0].Values
	if !isProbe(req) {
		if slices.Contains(amounts, upsetting) || h.upset.Load() && h.asked.Add(1)%3 == 0 {
			return nil, connect.NewError(connect.CodeInternal, errors.New("upset"))
		}
		select {
		case <-time.After(time.Duration(h.takes.Load() + h.takesOf.Load()*int64(len(amounts)))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	about := describeHost(*h.version.Load())
	reply := &fraud_detection.PredictFraudBatchResponse{ModelVersion: about.Version, Threshold: about.Threshold}
	for _, amount := range amounts {
		probability := 0.02
		if amount >= suspicious {
			probability = 0.97
		}
		reply.FraudProbabilities = append(reply.FraudProbabilities, probability)
		reply.PredictedLabels = append(reply.PredictedLabels, probability >= about.Threshold)
	}
	return reply, nil
}
