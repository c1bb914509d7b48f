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

// link is the way to one host: HTTP/2 without TLS, over TCP or a unix socket. A
// connection is dialled when it is first needed, and anew after it broke.
type link struct {
	network, address string
	now              atomic.Pointer[lanes]
	before           atomic.Pointer[lanes] // on which calls may still be under way; nil: none
}

// lanes are the connections of a link: batches share one, single rows a few.
type lanes struct {
	transports []*http2.Transport
	client     fraud_detectionconnect.FraudDetectionServiceClient
	unary      [unaryConnections]fraud_detectionconnect.FraudDetectionServiceClient
	turn       atomic.Uint32

	before *lanes // those that these have replaced; nil: none, or cut

	mu    sync.Mutex
	conns map[net.Conn]bool // those that are open
}

// newLink takes http://HOST:PORT or unix:PATH.
func newLink(address string) (*link, error) {
	network, dialled, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	l := &link{network: network, address: dialled}
	l.now.Store(newLanes(network, dialled))
	return l, nil
}

// renew has all further calls use new connections: a connection may lead nowhere and
// never say so. Calls under way go on, or end at once if they are to be cut.
func (l *link) renew(cut bool) {
	old := l.now.Swap(newLanes(l.network, l.address))
	old.close()
	if cut {
		old.cut()
	}
	old.before = l.before.Swap(old)
}

// cutBefore ends the calls that are under way since before the link was renewed:
// the host answers again, and them it has not answered.
func (l *link) cutBefore() {
	for before := l.before.Swap(nil); before != nil; before = before.before {
		before.cut()
	}
}

// client is for calls about many rows, and about the host itself.
func (l *link) client() fraud_detectionconnect.FraudDetectionServiceClient {
	return l.now.Load().client
}

// next is the client whose turn it is with a single row.
func (l *link) next() fraud_detectionconnect.FraudDetectionServiceClient {
	now := l.now.Load()
	return now.unary[now.turn.Add(1)%unaryConnections]
}

func (l *link) close() { l.now.Load().close() }

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
			l.mu.Lock()
			defer l.mu.Unlock()
			l.conns[conn] = true
			return &lane{conn, l}, nil
		},
	}
}

// close closes the connections that no call uses, and each other one after its last.
func (l *lanes) close() {
	for _, t := range l.transports {
		t.CloseIdleConnections()
	}
}

// cut closes all connections: calls under way fail at once.
func (l *lanes) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
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
