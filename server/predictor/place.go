package predictor

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// place is where a host is.
type place struct {
	network, address string // as they are dialled
	secure           bool   // over TLS
}

// parsePlace takes http://HOST:PORT, https://HOST:PORT or unix:PATH.
func parsePlace(address string) (place, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return place{}, errors.New("predictor: unix: needs a path behind it")
		}
		return place{network: "unix", address: path}, nil
	}
	u, err := url.Parse(address)
	if err != nil || !isHostPort(u) {
		return place{}, fmt.Errorf("predictor: %q is none of http://HOST:PORT, https://HOST:PORT and unix:PATH", address)
	}
	p := place{network: "tcp", address: u.Host, secure: u.Scheme == "https"}
	if _, err := url.Parse(p.baseURL()); err != nil { // a zone can hold bytes that no address may
		return place{}, fmt.Errorf("predictor: %q cannot be called", address)
	}
	return p, nil
}

// isHostPort reports whether u is http://HOST:PORT, or with https, and no more.
func isHostPort(u *url.URL) bool {
	host, digits, err := net.SplitHostPort(u.Host) // as dialling splits it; package url is more lenient
	port, malformed := strconv.ParseUint(digits, 10, 16)
	return err == nil && malformed == nil && port > 0 && (u.Scheme == "http" || u.Scheme == "https") && host != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// baseURL is what calls are made to; a socket has no name of its own.
func (p place) baseURL() string {
	switch {
	case p.network == "unix":
		return "http://predictor"
	case p.secure:
		return (&url.URL{Scheme: "https", Host: p.address}).String()
	}
	return (&url.URL{Scheme: "http", Host: p.address}).String()
}

// host is the name that the host's certificate is to have.
func (p place) host() string {
	host, _, _ := net.SplitHostPort(p.address) // parsePlace has split it
	host, _, _ = strings.Cut(host, "%")        // a zone is the dialling machine's own
	return host
}
