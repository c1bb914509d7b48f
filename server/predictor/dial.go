package predictor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// dialTimeout bounds the wait for a connection, and for TLS on it, apart from the
// call's deadline.
const dialTimeout = 2 * time.Second

// verdictTimeout bounds the wait for a host's word on our certificate.
const verdictTimeout = 100 * time.Millisecond

// handshakeError is why a host and we do not agree on TLS. Nobody but an operator
// can cure it.
type handshakeError struct{ error }

func (e handshakeError) Unwrap() error { return e.error }

// dialler makes connections to one host.
type dialler struct {
	place
	config      func(host string) *tls.Config // for a connection that begins now
	application string                        // that calls on it are for, if a proxy is to be told
}

// dial opens a connection. keep has it before TLS is agreed on, so that it can be
// cut then as well.
func (d dialler) dial(ctx context.Context, keep func(net.Conn) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, d.network, d.address)
	if err != nil {
		return nil, err
	}
	if conn, err = keep(conn); err != nil || !d.secure {
		return conn, err
	}
	secured, err := d.handshake(ctx, conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

func (d dialler) handshake(ctx context.Context, conn net.Conn) (net.Conn, error) {
	config := d.config(d.host())
	config.NextProtos = []string{"h2"}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, handshakeError{fmt.Errorf("TLS: %w", err)}
	}
	if spoken := secured.ConnectionState().NegotiatedProtocol; spoken != "h2" {
		return nil, handshakeError{fmt.Errorf("TLS: the host agrees on %q, and not on HTTP/2", spoken)}
	}
	return awaitVerdict(secured)
}

// awaitVerdict waits for the host's first byte, which of HTTP/2 it sends unasked.
// Since TLS 1.3 a host judges our certificate after the handshake, and some then close
// without a word. One that says nothing is waited for no longer than a refusal takes.
func awaitVerdict(conn *tls.Conn) (net.Conn, error) {
	if err := conn.SetReadDeadline(time.Now().Add(verdictTimeout)); err != nil {
		return nil, err
	}
	first := make([]byte, 1)
	n, err := conn.Read(first)
	if n == 0 && !errors.Is(err, os.ErrDeadlineExceeded) {
		// Not wrapped: of an io.EOF, Connect would tell that alone.
		return nil, handshakeError{fmt.Errorf("TLS: the host closes the connection, as it does if it does not take our certificate or misses one: %v", err)}
	}
	return &accepted{conn, first[:n]}, conn.SetReadDeadline(time.Time{})
}

// accepted is a connection of which the first byte has been read.
type accepted struct {
	net.Conn
	first []byte
}

func (c *accepted) Read(p []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.first)
	c.first = c.first[n:]
	return n, nil
}
