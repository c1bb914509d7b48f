package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// A service with a certificate of your own authority, which asks for one of yours: see
// tls.LoadX509KeyPair, and x509.CertPool.AppendCertsFromPEM, for what lies in files.
func ExampleNewWithHTTP() {
	url, authorities, certificate, stop := startSecureService()
	defer stop()

	over := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{certificate}},
		ForceAttemptHTTP2: true, // a TLSClientConfig turns it off else, and gRPC needs it
	}}
	service := client.NewWithHTTP(over, url, "brrr_id_secret")
	activity, err := service.GetFraudActivity(context.Background(),
		&fraudactivityv1.GetFraudActivityRequest{TransactionId: "Y12a34x56"})
	if err != nil {
		fmt.Println(client.Reason(err), err)
		return
	}
	fmt.Println(activity.TransactionId, activity.PredictedLabel)
	// Output: Y12a34x56 true
}

// startSecureService is startService over mutual TLS. One certificate is everybody's.
func startSecureService() (url string, authorities *x509.CertPool, certificate tls.Certificate, stop func()) {
	mux := http.NewServeMux()
	mux.Handle(fraudactivityv1connect.NewFraudActivityServiceHandler(oneTransaction{}))
	server := httptest.NewUnstartedServer(mux)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	authorities = x509.NewCertPool()
	authorities.AddCert(server.Certificate())
	return server.URL, authorities, server.TLS.Certificates[0], server.Close
}
