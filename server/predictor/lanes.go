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

	"connectrpc.com/connect"
	"golang.org/x/net/http2"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

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
	retired    atomic.Bool  // to be closed after the last of them

	mu    sync.Mutex
	conns map[net.Conn]bool // those that are open
	over  bool              // cut: none is opened any more
}

func newLanes(to dialler) *lanes {
	l := &lanes{conns: map[net.Conn]bool{}}
	ways := connect.WithInterceptors(traced{to.address}, proxied{to.application})
	add := func() fraud_detectionconnect.FraudDetectionServiceClient {
		transport := l.transport(to)
		l.transports = append(l.transports, transport)
		return fraud_detectionconnect.NewFraudDetectionServiceClient(
			&http.Client{Transport: transport}, to.baseURL(),
			connect.WithGRPC(), connect.WithReadMaxBytes(maxReplyBytes), ways)
	}
	l.client = add()
	for i := range l.unary {
		l.unary[i] = add()
	}
	return l
}

func (l *lanes) transport(to dialler) *http2.Transport {
	return &http2.Transport{
		AllowHTTP:          true, // h2c
		DisableCompression: true,
		DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
			return to.dial(ctx, l.keep)
		},
	}
}

// next is the client whose turn it is with a single row.
func (l *lanes) next() fraud_detectionconnect.FraudDetectionServiceClient {
	return l.unary[l.turn.Add(1)%unaryConnections]
}

// release ends a call's use of lanes that it took.
func (l *lanes) release() {
	if l.calls.Add(-1) == 0 && l.retired.Load() {
		l.cut()
	}
}

// retire has the connections be closed once no call uses them.
func (l *lanes) retire() {
	l.retired.Store(true)
	if l.calls.Load() == 0 {
		l.cut()
	}
}

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
