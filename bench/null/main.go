// Command null is the limit that a service of this contract can reach: a Connect
// handler with Connect's defaults that looks nothing up, asks no model, records
// nothing and lets everybody in.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// service answers the one call that is measured.
type service struct {
	fraudactivityv1connect.UnimplementedFraudActivityServiceHandler
}

func (service) GetFraudActivity(_ context.Context, req *fraudactivityv1.GetFraudActivityRequest) (*fraudactivityv1.FraudActivity, error) {
	return &fraudactivityv1.FraudActivity{
		TransactionId: req.TransactionId, PredictedLabel: true, FraudProbability: 96.7087425341,
	}, nil
}

// handler serves the contract, and GetFraudActivity under the seed's path too.
func handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(fraudactivityv1connect.NewFraudActivityServiceHandler(service{}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/FraudActivity" {
			r.URL.Path = fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure
		}
		mux.ServeHTTP(w, r)
	})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Addr: *listen, Handler: handler(), Protocols: protocols}
	log.Fatal(server.ListenAndServe())
}
