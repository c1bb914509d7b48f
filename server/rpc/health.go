package rpc

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// alive says that the process answers, whatever its model does.
func alive(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) }

// readiness says whether a real score can be had, and why not.
func readiness(ready func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, "not ready: "+whyNot(err), http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ready\n"))
	}
}

// whyNot shows what a caller may know.
func whyNot(err error) string {
	var known *fraud.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "the server's log tells more"
}

// healthChecker answers grpc.health.v1 with the same readiness.
type healthChecker struct{ ready func() error }

func (h healthChecker) Check(_ context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if req.Service != "" && req.Service != fraudactivityv1connect.FraudActivityServiceName {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("unknown service"))
	}
	if h.ready() != nil {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}
