package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// Example asks about a transaction that is recorded.
func Example() {
	url, stop := startService()
	defer stop()

	service := client.New(url, "brrr_id_secret")
	activity, err := service.GetFraudActivity(context.Background(),
		&fraudactivityv1.GetFraudActivityRequest{TransactionId: "Y12a34x56"})
	if err != nil {
		fmt.Println(client.Reason(err), err)
		return
	}
	fmt.Printf("%s: %v, %.2f %%\n", activity.TransactionId, activity.PredictedLabel, activity.FraudProbability)
	// Output: Y12a34x56: true, 99.99 %
}

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
		return nil, connect.NewError(connect.CodeUnauthenticated, errors.New("not this key"))
	}
	return &fraudactivityv1.FraudActivity{TransactionId: req.TransactionId, PredictedLabel: true, FraudProbability: 99.99}, nil
}
