package pgtest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy is a loopback address before a server: connections through it can be cut,
// refused and held, and the address can be switched to another server.
type Proxy struct {
	t    testing.TB
	addr string

	mu       sync.Mutex
	moved    *sync.Cond // bytes may move again, or the proxy has closed
	target   string
	listener net.Listener // nil while it refuses
	pairs    map[*pair]bool
	held     bool
	handlers sync.WaitGroup
}

// pair is a connection and the one that it is passed on to.
type pair struct{ near, far net.Conn }

func (p *pair) close() {
	p.near.Close() // an end that was closed before is closed
	p.far.Close()
}

// NewProxy listens before a server's address until the test ends.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, addr: address(port), target: target, pairs: map[*pair]bool{}}
	p.moved = sync.NewCond(&p.mu)
	p.Mend()
	t.Cleanup(func() {
		p.Refuse()
		p.release()
		p.SwitchTo("") // ends those too that are just being made
		p.handlers.Wait()
	})
	return p
}

// Through is a server's URL by way of the proxy.
func (p *Proxy) Through(of string) string {
	p.t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		p.t.Fatal(err)
	}
	u.Host = p.addr
	return u.String()
}

// Cut ends all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pair := range p.pairs {
		pair.close()
	}
}

// Refuse takes no new connections, as a machine does on which nobody listens.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close() // and its loop ends
		p.listener = nil
	}
}

// Hang stops all bytes both ways, those of new connections too, as a lost network
// does. Nobody is told.
func (p *Proxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = true
}

// SwitchTo has the address lead to another server. Connections to the old one end.
func (p *Proxy) SwitchTo(target string) {
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.Cut()
}

// Mend ends Hang and Refuse.
func (p *Proxy) Mend() {
	p.t.Helper()
	p.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return
	}
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.listener = listener
	p.handlers.Go(func() { p.accept(listener) })
}

// release lets bytes move.
func (p *Proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.moved.Broadcast()
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return // closed
		}
		p.handlers.Go(func() { p.pass(near) })
	}
}

// pass moves bytes both ways until one side ends or the connection is cut.
func (p *Proxy) pass(near net.Conn) {
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	far, err := net.Dial("tcp", target)
	if err != nil {
		near.Close() // nobody listens there
		return
	}
	both := &pair{near, far}
	p.mu.Lock()
	p.pairs[both] = true
	if target != p.target {
		both.close() // switched meanwhile
	}
	p.mu.Unlock()
	var ways sync.WaitGroup
	ways.Go(func() { io.Copy(gate{p, far}, near); both.close() }) // how a way ended, its end says
	ways.Go(func() { io.Copy(gate{p, near}, far); both.close() })
	ways.Wait()
	p.mu.Lock()
	delete(p.pairs, both)
	p.mu.Unlock()
}

// gate lets bytes through while they may move.
type gate struct {
	proxy *Proxy
	to    net.Conn
}

func (g gate) Write(b []byte) (int, error) {
	g.proxy.mu.Lock()
	for g.proxy.held {
		g.proxy.moved.Wait()
	}
	g.proxy.mu.Unlock()
	return g.to.Write(b)
}
