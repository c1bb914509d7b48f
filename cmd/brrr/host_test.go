package main

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

// modelHost is a model's host in Go, for what the Python one cannot be made to
// do at will. It scores every row with 0.07.
type modelHost struct {
	fraud_detectionconnect.UnimplementedFraudDetectionServiceHandler
	about func() *fraud_detection.GetModelResponse
}

func newModelHost(version string) *modelHost {
	return &modelHost{about: func() *fraud_detection.GetModelResponse { return describeHost(version) }}
}

func describeHost(version string) *fraud_detection.GetModelResponse {
	return &fraud_detection.GetModelResponse{Version: version, Facts: []string{"amount"}, Threshold: 0.05,
		Capabilities: []fraud_detection.Capability{fraud_detection.Capability_CAPABILITY_PREDICT_BATCH}}
}

func (h *modelHost) GetModel(context.Context, *fraud_detection.GetModelRequest) (*fraud_detection.GetModelResponse, error) {
	return h.about(), nil
}

func (h *modelHost) PredictFraudBatch(_ context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	about := h.about()
	reply := &fraud_detection.PredictFraudBatchResponse{ModelVersion: about.Version, Threshold: about.Threshold}
	for range req.Rows {
		reply.FraudProbabilities = append(reply.FraudProbabilities, 0.07)
		reply.PredictedLabels = append(reply.PredictedLabels, true)
	}
	return reply, nil
}
