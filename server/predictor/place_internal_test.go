package predictor

import (
	"net"
	"net/http"
	"strconv"
	"testing"
)

func TestAddressesAreReadOrRefused(t *testing.T) {
	for address, want := range map[string]string{ // network and what is dialled; empty: refused
		"http://127.0.0.1:8081":       "tcp 127.0.0.1:8081",
		"http://localhost:1/":         "tcp localhost:1",
		"HTTP://ray-serve.local:9000": "tcp ray-serve.local:9000",
		"http://[::1]:65535":          "tcp [::1]:65535",
		"http://[fe80::1%25eth0]:80":  "tcp [fe80::1%eth0]:80",
		"unix:/run/predictor.sock":    "unix /run/predictor.sock",
		"unix:relative/socket":        "unix relative/socket",
		"unix:":                       "",
		"":                            "",
		"localhost:8081":              "",
		"127.0.0.1:8081":              "",
		"http://localhost":            "",
		"http://localhost:":           "",
		"http://:8081":                "",
		"http://localhost:0":          "",
		"http://localhost:65536":      "",
		"http://localhost:http":       "",
		"https://localhost:8081":      "tcp localhost:8081 over TLS",
		"HTTPS://[::1]:8081/":         "tcp [::1]:8081 over TLS",
		"https://localhost":           "",
		"https://localhost:8081/v1":   "",
		"grpc://localhost:8081":       "",
		"http://user@localhost:8081":  "",
		"http://localhost:8081/v1":    "",
		"http://localhost:8081?a=b":   "",
		"http://localhost:8081?":      "",
		"http://localhost:8081#a":     "",
		"http:localhost:8081":         "",
		" http://localhost:8081":      "",
	} {
		p, err := parsePlace(address)
		got := ""
		if err == nil {
			got = p.network + " " + p.address
		}
		if p.secure {
			got += " over TLS"
		}
		if got != want {
			t.Errorf("%q: %q, %v, want %q", address, got, err, want)
		}
	}
}

// FuzzParsePlace wants every address that is accepted to be one that can be
// dialled and called.
func FuzzParsePlace(f *testing.F) {
	for _, seed := range []string{"http://127.0.0.1:8081", "http://[::1]:80/", "http://[fe80::1%25eth0]:80", "http://h:80?q#f",
		"http://:80", "http://h:99999", "unix:/run/s", "unix:", "http://u:p@h:1/x",
		"http://[fe80::1%25et\x800]:8", "http://htt1]:8", "https://h:443", "https://[fe80::1%25eth0]:80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		p, err := parsePlace(address)
		if err != nil {
			if p != (place{}) {
				t.Errorf("%q: %v beside %v", address, p, err)
			}
			return
		}
		switch dialled := p.address; p.network {
		case "unix":
			if dialled == "" || "unix:"+dialled != address {
				t.Errorf("%q: path %q", address, dialled)
			}
		case "tcp":
			host, port, err := net.SplitHostPort(dialled)
			if n, convErr := strconv.Atoi(port); err != nil || convErr != nil || host == "" || n < 1 || n > 65535 {
				t.Errorf("%q: %q is not HOST:PORT", address, dialled)
			}
		default:
			t.Errorf("%q: network %q", address, p.network)
		}
		if _, err := http.NewRequest(http.MethodPost, p.baseURL(), nil); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	})
}
