package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
)

// dialed are the connections that clients of this process have made, by address.
var dialed struct {
	sync.Mutex
	at map[string][]net.Conn
}

// followDialed has the transport that all of client.New's come from tell of its connections.
func followDialed() {
	transport := http.DefaultTransport.(*http.Transport)
	transport.DialContext = followed(transport.DialContext)
	dialed.at = map[string][]net.Conn{}
}

func followed(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			dialed.Lock()
			defer dialed.Unlock()
			dialed.at[address] = append(dialed.at[address], conn)
		}
		return conn, err
	}
}

// hangUp ends the connections to a server that a test is done with. A server that
// drains gives an idle HTTP/2 connection a second to be closed by its caller, and Go's
// client does not.
func hangUp(url string) {
	_, address, _ := strings.Cut(url, "://")
	dialed.Lock()
	defer dialed.Unlock()
	for _, conn := range dialed.at[address] {
		conn.Close() // which its own end may have done
	}
	delete(dialed.at, address)
}
