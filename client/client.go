// Package client calls the fraud-activity service from Go.
package client

import (
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// Client is the generated client: one method a procedure.
type Client = fraudactivityv1connect.FraudActivityServiceClient

// New returns a client of the service at url, such as http://127.0.0.1:8080,
// that shows key with every call. It speaks Connect's protocol over HTTP/2;
// connect.WithGRPC() and connect.WithGRPCWeb() are the other two. It dials on
// the first call and is safe for concurrent use.
//
// A call whose context has no deadline gets one of 10 seconds (WithDeadline), and
// what is safe to repeat is repeated up to three times (WithRetries).
//
// Errors are *connect.Error; Reason tells their stable reason.
func New(url, key string, options ...connect.ClientOption) Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Protocols = protocols
	return NewWithHTTP(&http.Client{Transport: transport}, url, key, options...)
}

// NewWithHTTP is New over a client of yours: for proxies, other TLS settings or
// HTTP/1.1.
func NewWithHTTP(over connect.HTTPClient, url, key string, options ...connect.ClientOption) Client {
	s := read(options)
	// The deadline spans the repeats; each of them shows the key and runs your
	// interceptors.
	all := append([]connect.ClientOption{connect.WithInterceptors(deadline(s.deadline), retries(s.retries), bearer(key))}, options...)
	return fraudactivityv1connect.NewFraudActivityServiceClient(over, strings.TrimRight(url, "/"), all...)
}
