//lint:file-ignore SA1019 http.Transport opens a connection for each of many first calls; this one shares.

package predictor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

// dialTimeout bounds the wait for a connection, apart from the call's deadline.
const dialTimeout = 2 * time.Second

// maxReplyBytes bounds a reply: 100,000 rows explained take less.
const maxReplyBytes = 16 << 20

// link is the way to one host: HTTP/2 without TLS, over TCP or a unix socket.
// Calls share one connection, which is dialled anew after it broke.
type link struct {
	transport *http2.Transport
	client    fraud_detectionconnect.FraudDetectionServiceClient
}

// newLink takes http://HOST:PORT or unix:PATH.
func newLink(address string) (*link, error) {
	network, dialled, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	transport := &http2.Transport{
		AllowHTTP:          true, // h2c: gRPC hosts in Python listen without TLS
		DisableCompression: true,
		DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
			return dialer.DialContext(ctx, network, dialled)
		},
	}
	return &link{
		transport: transport,
		client: fraud_detectionconnect.NewFraudDetectionServiceClient(
			&http.Client{Transport: transport}, baseURL(network, dialled),
			connect.WithGRPC(), connect.WithReadMaxBytes(maxReplyBytes)),
	}, nil
}

func (l *link) close() { l.transport.CloseIdleConnections() }

func parseAddress(address string) (network, dialled string, err error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return "", "", errors.New("predictor: unix: needs a path behind it")
		}
		return "unix", path, nil
	}
	u, err := url.Parse(address)
	if err != nil || !isHostPort(u) {
		return "", "", fmt.Errorf("predictor: %q is neither http://HOST:PORT nor unix:PATH", address)
	}
	return "tcp", u.Host, nil
}

// isHostPort reports whether u is http://HOST:PORT and no more.
func isHostPort(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0 && u.Scheme == "http" && u.Hostname() != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// baseURL is what calls are made to; a socket has no name of its own.
func baseURL(network, dialled string) string {
	if network == "unix" {
		return "http://predictor"
	}
	return (&url.URL{Scheme: "http", Host: dialled}).String()
}
