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
type pair struct {
	near, far    net.Conn
	lost, closed bool
}

func (p *pair) close() {
	p.closed = true
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
		p.Cut()
		p.handlers.Wait()
	})
	return p
}

// AddressOf is where a URL leads to.
func AddressOf(t testing.TB, of string) string {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
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
	p.moved.Broadcast()
}

// Lose has all connections that are open lead nowhere, as those to a machine that has
// lost its power: neither side is told. New ones are passed on.
func (p *Proxy) Lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pair := range p.pairs {
		pair.lost = true
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

// SwitchTo has the address lead to another server. Connections to the old one end, but
// those that are lost.
func (p *Proxy) SwitchTo(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	for pair := range p.pairs {
		if !pair.lost {
			pair.close()
		}
	}
	p.moved.Broadcast()
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
	both := &pair{near: near, far: far}
	p.mu.Lock()
	p.pairs[both] = true
	if target != p.target {
		both.close() // switched meanwhile
	}
	p.mu.Unlock()
	var ways sync.WaitGroup
	ways.Go(func() { p.copy(both, far, near) })
	ways.Go(func() { p.copy(both, near, far) })
	ways.Wait()
	p.mu.Lock()
	delete(p.pairs, both)
	p.mu.Unlock()
}

// copy moves bytes one way until that ends, and then ends both, if one may know.
func (p *Proxy) copy(both *pair, to io.Writer, from io.Reader) {
	io.Copy(gate{p, both, to}, from) // how it ended, the other end says
	p.mu.Lock()
	defer p.mu.Unlock()
	p.await(both)
	both.close()
	p.moved.Broadcast()
}

// await waits until bytes of a pair may move, or it has been closed.
func (p *Proxy) await(both *pair) {
	for (p.held || both.lost) && !both.closed {
		p.moved.Wait()
	}
}

// gate lets bytes through while they may move.
type gate struct {
	proxy *Proxy
	both  *pair
	to    io.Writer
}

func (g gate) Write(b []byte) (int, error) {
	g.proxy.mu.Lock()
	g.proxy.await(g.both)
	g.proxy.mu.Unlock()
	return g.to.Write(b)
}
