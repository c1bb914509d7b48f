package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// defaultConnections is how many connections may be open. One that is idle costs
// about 20 KB.
const defaultConnections = 10_000

// connections bounds how many connections a server has open. One more than that
// closes the one that has been without a call the longest, be it idle or so new
// that it has brought none yet; one with a call under way is never closed. If all
// others have calls, the one that has been without the longest is the newest itself.
type connections struct {
	most int

	mu     sync.Mutex
	open   map[net.Conn]*connection
	idle   connection // the ring of those without a call: after it the longest so
	closed int64
}

// connection is one that is open: in the ring, or nowhere while a call is under way.
type connection struct {
	net.Conn
	before, after *connection
}

// newConnections lets most be open at once.
func newConnections(most int) *connections {
	c := &connections{most: most, open: map[net.Conn]*connection{}}
	c.idle.before, c.idle.after = &c.idle, &c.idle
	return c
}

// limit lets so many be open from now on. Those beyond are closed as others change.
func (c *connections) limit(most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = most
}

// changed is for http.Server.ConnState. An HTTP/2 connection is active while it has
// any call.
func (c *connections) changed(conn net.Conn, to http.ConnState) {
	if excess := c.note(conn, to); excess != nil {
		_ = withoutTLS(excess).Close() // it is given up, whatever comes of it
	}
}

// note keeps the books, and returns the connection that is one too many, or nil.
func (c *connections) note(conn net.Conn, to http.ConnState) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to == http.StateNew {
		c.open[conn] = &connection{Conn: conn}
	}
	known := c.open[conn]
	if known == nil {
		return nil // it was closed for another's sake
	}
	known.leave()
	switch to {
	case http.StateNew, http.StateIdle:
		known.enter(&c.idle)
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
	if len(c.open) <= c.most {
		return nil
	}
	return c.giveUp()
}

// giveUp forgets the connection that has been without a call the longest.
func (c *connections) giveUp() net.Conn {
	longest := c.idle.after
	if longest == &c.idle {
		return nil
	}
	longest.leave()
	delete(c.open, longest.Conn)
	c.closed++
	return longest.Conn
}

// count is how many are open, how many may be, and how many were closed for others'
// sake so far.
func (c *connections) count() (open, most int, closed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.most, c.closed
}

// enter puts a connection at the ring's end.
func (c *connection) enter(ring *connection) {
	c.before, c.after = ring.before, ring
	c.before.after, c.after.before = c, c
}

// leave takes it out of the ring, if it is in one.
func (c *connection) leave() {
	if c.after != nil {
		c.before.after, c.after.before = c.after, c.before
		c.before, c.after = nil, nil
	}
}

// withoutTLS is what to close at once: TLS would first say goodbye, for up to five
// seconds to one that does not listen.
func withoutTLS(conn net.Conn) net.Conn {
	if secured, ok := conn.(*tls.Conn); ok {
		return secured.NetConn()
	}
	return conn
}

// otherDescriptors is how many files and sockets are open beside the callers': the
// store's, those to Python hosts, listeners.
const otherDescriptors = 200

// warnOfFewDescriptors tells the log if the process may not open as many connections
// as it is to serve. Go has raised the soft limit to the hard one by then.
func warnOfFewDescriptors(log *slog.Logger, most int) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	if need := uint64(most + otherDescriptors); limit.Cur < need {
		log.Warn("few file descriptors: connections wait once these are used up", "limit", limit.Cur, "needed", need, "max_connections", most)
	}
}
