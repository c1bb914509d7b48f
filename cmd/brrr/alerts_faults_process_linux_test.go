package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"syscall"
	"time"
)

// restarted is killed and started again and again, and in the end just killed.
func (f *fleet) restarted() {
	address, admin := freeAddress(f.T), freeAddress(f.T)
	p := newServer(f.T, f.folder("restarted"), f.TempDir(), address, startPliantHost(f.T, "m").flag(), "--admin-listen="+admin)
	p.start()
	f.ready = append(f.ready, func() { awaitReadyz(f.T, p, "http://"+address) })
	one := f.suffers("restarted", admin)
	one.fires = []string{"BrrrRestarts page", "BrrrDown page"}
	var seen time.Time // that it serves, since it was started last
	one.goOn = func() {
		switch res, err := http1.Get("http://" + admin + "/metrics"); {
		case err != nil:
			seen = time.Time{}
		case seen.IsZero():
			seen = time.Now()
			fallthrough
		default:
			res.Body.Close()
		}
		switch {
		case !p.alive():
		case one.fired["BrrrRestarts page"]:
			p.kill()
		case !seen.IsZero() && time.Since(seen) > 600*time.Millisecond: // so that each is scraped
			p.kill()
			p.start()
			seen = time.Time{}
		}
	}
	one.mend = p.start
}

// crowded has callers who hold connections open.
func (f *fleet) crowded() {
	s, one := f.server("crowded", startPliantHost(f.T, "m").flag(), "--max-connections=10")
	one.fires = []string{"BrrrConnectionsNearlyAll ticket"}
	var crowd []*http.Transport
	one.strike = func() {
		for range 9 {
			transport := http1.Transport.(*http.Transport).Clone()
			res, err := (&http.Client{Transport: transport}).Get(s.url + "/healthz")
			if err != nil {
				f.Error(err)
				continue
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			crowd = append(crowd, transport)
		}
	}
	one.mend = func() {
		for _, transport := range crowd {
			transport.CloseIdleConnections()
		}
	}
}

// untraced has a collector that takes no spans.
func (f *fleet) untraced() {
	collector := httptest.NewServer(http.NotFoundHandler())
	f.Cleanup(collector.Close)
	s, one := f.server("untraced", startPliantHost(f.T, "m").flag(), "--trace-endpoint="+collector.URL, "--trace-sample=1")
	one.fires = []string{"BrrrSpansDropped ticket"}
	one.strike = func() { one.mend = f.assesses(s, 1, 200*time.Millisecond, always(harmless)) }
}

// misconfigured is told to read a file of settings that is broken.
func (f *fleet) misconfigured() {
	folder, address, admin := f.folder("misconfigured"), freeAddress(f.T), freeAddress(f.T)
	file := filepath.Join(folder, "brrr.yaml")
	writeTo(f.T, file, "max-wait: 1s\n")
	p := newServer(f.T, folder, f.TempDir(), address, startPliantHost(f.T, "m").flag(), "--config="+file, "--admin-listen="+admin)
	p.start()
	f.ready = append(f.ready, func() { awaitReadyz(f.T, p, "http://"+address) })
	one := f.suffers("misconfigured", admin)
	one.fires = []string{"BrrrConfigRefused ticket"}
	one.strike = func() { writeTo(f.T, file, "max-wait: soon\n"); p.signal(syscall.SIGHUP) }
	one.mend = func() { writeTo(f.T, file, "max-wait: 2s\n"); p.signal(syscall.SIGHUP) }
}
