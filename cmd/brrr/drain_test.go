package main

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
)

// pipeListener accepts the far ends of pipes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error   { close(l.closed); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// A caller dials, the server begins to stop, and only then does HTTP/2 begin: on a
// connection that brings no call, and that was not there to be told.
func TestAConnectionThatBeginsWhileTheServerStopsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newHTTPSettings(time.Minute, 10).server(http.NotFoundHandler(), testLog(t))
		told := make(chan struct{}, 100)
		server.RegisterOnShutdown(func() { told <- struct{}{} })
		listener := pipeListener{make(chan net.Conn), make(chan struct{})}
		go server.Serve(listener)
		ours, theirs := net.Pipe()
		listener.conns <- theirs
		if _, err := ours.Write([]byte(http2.ClientPreface[:10])); err != nil {
			t.Fatal(err)
		}

		stopped := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		began := time.Now()
		go func() { stopped <- shutDown(ctx, server) }()
		<-told
		synctest.Wait()

		if _, err := ours.Write([]byte(http2.ClientPreface[10:])); err != nil {
			t.Fatal(err)
		}
		frames := http2.NewFramer(ours, ours)
		go func() { _ = frames.WriteSettings() }()
		farewell := false
		for {
			frame, err := frames.ReadFrame()
			if err != nil {
				break // the server closed it
			}
			if goAway, ok := frame.(*http2.GoAwayFrame); ok {
				farewell = goAway.ErrCode == http2.ErrCodeNo
			}
		}
		if err := <-stopped; err != nil || !farewell {
			t.Errorf("after %v: %v; told that the server stops: %v", time.Since(began), err, farewell)
		}
	})
}
