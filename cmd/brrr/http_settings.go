package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// httpSettings bound what a connection may cost: how long each side may take, and
// how much it may hold. How much a call may bring is for the rooms behind.
type httpSettings struct {
	connections *connections
	header      time.Duration // to send a request's headers, or to agree on TLS
	body        time.Duration // to send a request, its headers included
	answer      time.Duration // from a request's headers to the answer's end; streams prolong it
	stall       time.Duration // to take any byte of what is sent over HTTP/2
	idle        time.Duration // without a call
	ping, pong  time.Duration // of silence over HTTP/2 until a ping, and from there to its answer
}

// newHTTPSettings are those that are served with, for calls of up to longest.
func newHTTPSettings(longest time.Duration, connections int) httpSettings {
	return httpSettings{
		connections: newConnections(connections),
		header:      5 * time.Second,
		body:        15 * time.Second, // 2 MiB at 140 KB/s
		answer:      longest + 30*time.Second,
		stall:       30 * time.Second, // as long as a stream may
		idle:        2 * time.Minute,
		ping:        30 * time.Second,
		pong:        15 * time.Second,
	}
}

// The bounds of an HTTP/2 connection. What ten thousand of them may hold at worst is
// ten thousand times this.
const (
	// maxHeaders are the bytes of a request's headers.
	maxHeaders = 32 << 10
	// maxConcurrentCalls are those under way on one connection: a goroutine each. Who
	// has more opens another connection, or waits, as every client does.
	maxConcurrentCalls = 256
	// maxFrame is the largest frame that is read: a buffer of this size stays with the
	// connection. It is the least that HTTP/2 allows.
	maxFrame = 16 << 10
	// maxUnreadBytes are those of bodies that nobody has read yet, on one connection.
	maxUnreadBytes = 1 << 20
	// maxUnreadBytesOfCall are those of one call: so that one that is not read leaves
	// room for the others.
	maxUnreadBytesOfCall = 256 << 10
)

// server is one with these settings, for HTTP/1.1 and HTTP/2, in plain or with TLS.
func (s httpSettings) server(handler http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: onceIfChunked(handler), Protocols: protocols, ConnState: s.connections.changed, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: s.header, ReadTimeout: s.body, WriteTimeout: s.answer, IdleTimeout: s.idle, MaxHeaderBytes: maxHeaders,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxConcurrentCalls, MaxReadFrameSize: maxFrame,
			MaxReceiveBufferPerConnection: maxUnreadBytes, MaxReceiveBufferPerStream: maxUnreadBytesOfCall,
			SendPingTimeout: s.ping, PingTimeout: s.pong, WriteByteTimeout: s.stall,
		},
	}
}

// onceIfChunked closes a connection of HTTP/1.1 after a request in chunks. Such a one
// may have had a length as well, which Go passes over and tells nobody; what a proxy
// before us takes for its body may then be what we take for the next request. RFC
// 9112, 6.1 has the connection closed. Hardly any client sends its calls in chunks.
func onceIfChunked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// lastIf has answers tell that their connection takes no further call, while ends says
// so: HTTP/1.1 closes it after the answer, HTTP/2 once all its calls are answered. Else
// it would be closed between two calls, and who sends the next one just then cannot know
// whether that was heard.
func lastIf(ends func() bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ends() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// serveWith listens with these settings, in plain if nothing is to secure it. The app closes the server with itself.
func (a *app) serveWith(settings httpSettings, address string, handler http.Handler, secure *tls.Config) (net.Addr, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	warnOfFewDescriptors(a.log, settings.connections.most)
	server := settings.server(lastIf(a.draining.Load, handler), a.log)
	server.TLSConfig = secure
	a.servers = append(a.servers, server)
	go func() {
		if secure != nil {
			err = server.ServeTLS(listener, "", "")
		} else {
			err = server.Serve(listener)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			a.failures <- fmt.Errorf("serve %s: %w", address, err)
		}
	}()
	return listener.Addr(), nil
}
