package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// startService stands in for a server with one recorded transaction.
func startService() (url string, stop func()) {
	mux := http.NewServeMux()
	mux.Handle(fraudactivityv1connect.NewFraudActivityServiceHandler(oneTransaction{}))
	server := httptest.NewUnstartedServer(mux)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	return server.URL, server.Close
}

type oneTransaction struct {
	fraudactivityv1connect.UnimplementedFraudActivityServiceHandler
}

func (oneTransaction) GetFraudActivity(ctx context.Context, req *fraudactivityv1.GetFraudActivityRequest) (*fraudactivityv1.FraudActivity, error) {
	info, _ := connect.CallInfoForHandlerContext(ctx)
	if info.RequestHeader().Get("Authorization") != "Bearer brrr_id_secret" {
		return nil, refusal(connect.CodeUnauthenticated, "UNAUTHENTICATED")
	}
	if req.TransactionId != "Y12a34x56" {
		return nil, refusal(connect.CodeNotFound, "TRANSACTION_UNKNOWN")
	}
	return &fraudactivityv1.FraudActivity{TransactionId: req.TransactionId, PredictedLabel: true, FraudProbability: 99.99}, nil
}

func (s oneTransaction) BatchGetFraudActivity(ctx context.Context, req *fraudactivityv1.BatchGetFraudActivityRequest) (*fraudactivityv1.BatchGetFraudActivityResponse, error) {
	res := &fraudactivityv1.BatchGetFraudActivityResponse{}
	for _, id := range req.TransactionIds {
		result := &fraudactivityv1.BatchGetFraudActivityResponse_Result{TransactionId: id}
		if activity, err := s.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: id}); err == nil {
			result.Result = &fraudactivityv1.BatchGetFraudActivityResponse_Result_FraudActivity{FraudActivity: activity}
		} else {
			result.Result = &fraudactivityv1.BatchGetFraudActivityResponse_Result_Error{
				Error: &fraudactivityv1.ItemError{Code: "not_found", Reason: "TRANSACTION_UNKNOWN"}}
		}
		res.Results = append(res.Results, result)
	}
	return res, nil
}

func (oneTransaction) GetModel(context.Context, *fraudactivityv1.GetModelRequest) (*fraudactivityv1.Model, error) {
	return nil, refusal(connect.CodeUnavailable, "PREDICTOR_UNAVAILABLE")
}

// WatchFraudActivity sends one message a connection.
func (oneTransaction) WatchFraudActivity(_ context.Context, req *fraudactivityv1.WatchFraudActivityRequest, stream *connect.ServerStream[fraudactivityv1.WatchFraudActivityResponse]) error {
	id := "payment-1"
	if req.Cursor == "payment-1" {
		id = "payment-2"
	}
	activity := &fraudactivityv1.FraudActivity{TransactionId: id, PredictedLabel: id == "payment-2"}
	if err := stream.Send(&fraudactivityv1.WatchFraudActivityResponse{Cursor: id,
		Event: &fraudactivityv1.WatchFraudActivityResponse_FraudActivity{FraudActivity: activity}}); err != nil {
		return err
	}
	return refusal(connect.CodeUnavailable, "SHUTTING_DOWN")
}

func refusal(code connect.Code, reason string) error {
	err := connect.NewError(code, errors.New("refused"))
	if detail, failed := connect.NewErrorDetail(&errdetails.ErrorInfo{Reason: reason, Domain: "fraudactivity"}); failed == nil {
		err.AddDetail(detail)
	}
	return err
}
