package predictor_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// names answers questions of DNS: every name has the same addresses. Of none there is no
// such name.
type names struct {
	at string // where it listens

	mu        sync.Mutex
	addresses []string
	asked     int
}

// startNames serves on the loopback until the test ends.
func startNames(t *testing.T, addresses ...string) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{at: conn.LocalAddr().String(), addresses: addresses}
	served := make(chan struct{})
	go func() { defer close(served); n.serve(conn) }()
	t.Cleanup(func() { conn.Close(); <-served })
	return n
}

func (n *names) serve(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		size, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:size]) != nil {
			continue
		}
		n.answer(&m)
		if packed, err := m.Pack(); err == nil {
			conn.WriteTo(packed, from)
		}
	}
}

func (n *names) answer(m *dnsmessage.Message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	q := m.Questions[0]
	*m = dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
	if len(n.addresses) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, address := range n.addresses {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(address).To4())}})
		}
	}
}

// set has the name have other addresses, and waits until it was asked for after that.
func (n *names) set(t *testing.T, addresses ...string) {
	t.Helper()
	n.mu.Lock()
	n.addresses = addresses
	from := n.asked
	n.mu.Unlock()
	until(t, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.asked > from
	})
}

// resolver asks it.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", n.at)
	}}
}

// startAlike serves hosts at addresses of the loopback that share a port, which is returned.
func startAlike(t *testing.T, hosts map[string]*host) (port string) {
	t.Helper()
	port = "0"
	for address, h := range hosts {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
		if err != nil {
			t.Skipf("another program has the port at one of the addresses: %v", err)
		}
		serveOn(t, listener, h.handler())
		_, port, _ = net.SplitHostPort(listener.Addr().String())
	}
	return port
}

func up(pool *predictor.Pool) (addresses string) {
	var all []string
	for _, h := range pool.Hosts() {
		if h.Up {
			all = append(all, strings.TrimPrefix(h.Address, "http://"))
		}
	}
	return strings.Join(all, " ")
}

func TestEachAddressOfANameIsAHostForAsLongAsItHasIt(t *testing.T) {
	t.Parallel()
	begun, answer := make(chan struct{}, 1), make(chan struct{})
	slow := good("v1")
	slow.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if !probing(req.Columns) {
			begun <- struct{}{}
			<-answer
		}
		return thousandth("v1")(ctx, req)
	}
	port := startAlike(t, map[string]*host{"127.0.0.2": slow, "127.0.0.3": good("v1"), "127.0.0.4": good("v1")})
	dns := startNames(t)
	pool, book := open(t, predictor.Options{Addresses: []string{"dns+http://models.test:" + port}, Resolver: dns.resolver(), LookUpEvery: time.Millisecond})
	book.await(t, "WARN predictor's name not resolved name=models.test hosts=0", "no such host")
	if _, err := pool.Predict(patient(t), payments(1)); err == nil || pool.Ready() || len(pool.Hosts()) != 0 {
		t.Errorf("without any address: %v, ready %v, hosts %v", err, pool.Ready(), pool.Hosts())
	}

	dns.set(t, "127.0.0.2")
	until(t, func() bool { return up(pool) == "127.0.0.2:"+port })
	rows := payments(3)
	done := make(chan error, 1)
	go func() {
		got, err := pool.Predict(patient(t), rows)
		if err == nil {
			checkThousandths(t, got, rows)
		}
		done <- err
	}()
	<-begun

	dns.set(t, "127.0.0.4", "127.0.0.3", "127.0.0.3")
	until(t, func() bool { return up(pool) == "127.0.0.3:"+port+" 127.0.0.4:"+port })
	book.await(t, "INFO predictor gone predictor=http://127.0.0.2:"+port)
	if slots := pool.Slots(); slots != 2 {
		t.Errorf("%d slots with two hosts", slots)
	}
	for range 20 { // none meets the one that is gone, which would not answer
		if got, err := pool.Predict(patient(t), rows); err != nil {
			t.Fatal(err)
		} else {
			checkThousandths(t, got, rows)
		}
	}
	close(answer)
	if err := <-done; err != nil {
		t.Errorf("what was under way at the one that is gone: %v", err)
	}

	dns.set(t)
	book.await(t, "WARN predictor's name not resolved name=models.test hosts=2")
	if _, err := pool.Predict(patient(t), rows); err != nil || len(pool.Hosts()) != 2 {
		t.Errorf("a name that leads nowhere any more took away %v: %v", pool.Hosts(), err)
	}
}

func TestACertificateOfAHostIsForTheNameThatLedThere(t *testing.T) {
	t.Parallel()
	server := startTLS(t, good("v1"), func(*httptest.Server) {})
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	dns := startNames(t, "127.0.0.1")
	asked := make(chan string, 100)
	pool, book := open(t, predictor.Options{Addresses: []string{"dns+https://example.com:" + port}, Resolver: dns.resolver(),
		TLS: func(host string) *tls.Config { asked <- host; return trusting(server, host)(host) }})
	book.await(t, "predictor ready", "https://127.0.0.1:"+port)
	if name := <-asked; name != "example.com" || !pool.Ready() { // which the test's certificate is for
		t.Errorf("the certificate was to be for %q", name)
	}
}

func TestANameThatCannotLeadToHostsIsRefused(t *testing.T) {
	for _, address := range []string{"dns+unix:/run/predictor.sock", "dns+", "dns+http://models", "dns+dns+http://models:1", "dns+http://models:1/v1"} {
		_, err := predictor.Open(predictor.Options{Addresses: []string{"http://127.0.0.1:1", address}})
		if err == nil || !strings.Contains(err.Error(), "is neither dns+http://NAME:PORT nor dns+https://NAME:PORT") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
