//lint:file-ignore SA1019 http.Transport opens a connection for each of many first calls; this one shares.

package predictor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

// dialTimeout bounds the wait for a connection, apart from the call's deadline.
const dialTimeout = 2 * time.Second

// maxReplyBytes bounds a reply: 100,000 rows explained take less.
const maxReplyBytes = 16 << 20

// unaryConnections spread calls about single rows: a host of several processes
// on one port, as grpcio recommends it, is given connections, not calls. With 8,
// two processes get some each, but for one time in 128.
const unaryConnections = 8

// lanes are the connections of a link: batches share one, single rows a few.
type lanes struct {
	transports []*http2.Transport
	client     fraud_detectionconnect.FraudDetectionServiceClient // for many rows, and about the host itself
	unary      [unaryConnections]fraud_detectionconnect.FraudDetectionServiceClient
	turn       atomic.Uint32
	calls      atomic.Int64 // that have taken them and are under way

	mu    sync.Mutex
	conns map[net.Conn]bool // those that are open
	over  bool              // cut: none is opened any more
}

func newLanes(network, address string) *lanes {
	l := &lanes{conns: map[net.Conn]bool{}}
	add := func() fraud_detectionconnect.FraudDetectionServiceClient {
		transport := l.transport(network, address)
		l.transports = append(l.transports, transport)
		return fraud_detectionconnect.NewFraudDetectionServiceClient(
			&http.Client{Transport: transport}, baseURL(network, address),
			connect.WithGRPC(), connect.WithReadMaxBytes(maxReplyBytes))
	}
	l.client = add()
	for i := range l.unary {
		l.unary[i] = add()
	}
	return l
}

func (l *lanes) transport(network, address string) *http2.Transport {
	dialer := net.Dialer{Timeout: dialTimeout}
	return &http2.Transport{
		AllowHTTP:          true, // h2c: gRPC hosts in Python listen without TLS
		DisableCompression: true,
		DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return l.keep(conn)
		},
	}
}

// next is the client whose turn it is with a single row.
func (l *lanes) next() fraud_detectionconnect.FraudDetectionServiceClient {
	return l.unary[l.turn.Add(1)%unaryConnections]
}

// release ends a call's use of lanes that it took.
func (l *lanes) release() { l.calls.Add(-1) }

// keep notes a connection that was dialled, so that it can be cut.
func (l *lanes) keep(conn net.Conn) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil, errors.Join(errors.New("the connection was cut while it was dialled"), conn.Close())
	}
	l.conns[conn] = true
	return &lane{conn, l}, nil
}

// close closes the connections that no call uses, and each other one after its last.
func (l *lanes) close() {
	for _, t := range l.transports {
		t.CloseIdleConnections()
	}
}

// cut closes all connections, for good: calls under way fail at once.
func (l *lanes) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for conn := range l.conns {
		_ = conn.Close() // calls on it fail, and say so
	}
}

// lane is a connection that is open.
type lane struct {
	net.Conn
	of *lanes
}

func (c *lane) Close() error {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	delete(c.of.conns, c.Conn)
	return c.Conn.Close()
}
