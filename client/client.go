// Package client calls the fraud-activity service from Go.
package client

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// Client is the generated client: one method a procedure.
type Client = fraudactivityv1connect.FraudActivityServiceClient

// New returns a client of the service at url, such as http://127.0.0.1:8080,
// that shows key with every call. It speaks Connect's protocol over HTTP/2;
// connect.WithGRPC() and connect.WithGRPCWeb() are the other two. It dials on
// the first call and is safe for concurrent use.
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
	all := append([]connect.ClientOption{connect.WithInterceptors(bearer(key))}, options...)
	return fraudactivityv1connect.NewFraudActivityServiceClient(over, strings.TrimRight(url, "/"), all...)
}

// Reason is the stable reason of a failed call, such as TRANSACTION_UNKNOWN, or
// "" if err bears none: then it did not come from the service.
func Reason(err error) string {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return ""
	}
	for _, detail := range failed.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				return info.Reason
			}
		}
	}
	return ""
}

// bearer puts the key on every call.
type bearer string

func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		req.Header().Set("Authorization", "Bearer "+string(b))
		return next(ctx, req)
	}
}

func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		conn.RequestHeader().Set("Authorization", "Bearer "+string(b))
		return conn
	}
}

func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
