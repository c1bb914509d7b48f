package predictor

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// link is the way to one host: HTTP/2 without TLS, over TCP or a unix socket. A
// connection is dialled when it is first needed, and anew after it broke.
type link struct {
	network, address string
	now              atomic.Pointer[lanes]

	mu     sync.Mutex
	former []*lanes // on which calls were under way when they were replaced
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

// take returns the lanes that a call is to use, and counts it until it is released.
func (l *link) take() *lanes {
	for {
		now := l.now.Load()
		now.calls.Add(1)
		if l.now.Load() == now {
			return now
		}
		now.release() // they have just been replaced, and may be cut as unused
	}
}

// renew has all further calls use new connections: a connection may lead nowhere and
// never say so. Calls under way go on, or end at once if they are to be cut. Lanes
// without any are let go of: a host may be silent for days.
func (l *link) renew(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.now.Swap(newLanes(l.network, l.address))
	if cut {
		old.cut()
	}
	l.former = slices.DeleteFunc(append(l.former, old), func(f *lanes) bool {
		unused := f.calls.Load() == 0
		if unused {
			f.cut()
		}
		return unused
	})
}

// cutFormer ends the calls that are under way since before the link was renewed:
// the host answers again, and them it has not answered.
func (l *link) cutFormer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.former {
		f.cut()
	}
	l.former = nil
}

func (l *link) close() { l.now.Load().close() }

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
	if _, err := url.Parse(baseURL("tcp", u.Host)); err != nil { // a zone can hold bytes that no address may
		return "", "", fmt.Errorf("predictor: %q cannot be called", address)
	}
	return "tcp", u.Host, nil
}

// isHostPort reports whether u is http://HOST:PORT and no more.
func isHostPort(u *url.URL) bool {
	host, digits, err := net.SplitHostPort(u.Host) // as dialling splits it; package url is more lenient
	port, malformed := strconv.ParseUint(digits, 10, 16)
	return err == nil && malformed == nil && port > 0 && u.Scheme == "http" && host != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// baseURL is what calls are made to; a socket has no name of its own.
func baseURL(network, dialled string) string {
	if network == "unix" {
		return "http://predictor"
	}
	return (&url.URL{Scheme: "http", Host: dialled}).String()
}
