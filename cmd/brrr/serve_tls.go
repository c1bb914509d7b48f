package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/certs"
)

// tlsFlags say how connections are kept private.
type tlsFlags struct {
	TLSCert     string `help:"Certificate (PEM). With --tls-key: TLS instead of plain HTTP. This file and the next two are read again when they change." type:"existingfile"`
	TLSKey      string `help:"Private key (PEM)." type:"existingfile"`
	TLSClientCA string `help:"Authorities (PEM): every caller must bring a certificate of one of them, beside its key." type:"existingfile"`
}

func (c *tlsFlags) mistakes() []error {
	return slices.Concat(
		unless((c.TLSCert == "") == (c.TLSKey == ""), "--tls-cert and --tls-key go together"),
		unless(c.TLSClientCA == "" || c.TLSCert != "", "--tls-client-ca needs --tls-cert and --tls-key"),
	)
}

// openCertificates is nil for plain HTTP.
func (c *tlsFlags) openCertificates(log *slog.Logger) (*certs.Source, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	return certs.Open(certs.Files{
		Cert: certs.File{Flag: "--tls-cert", Path: c.TLSCert}, Key: certs.File{Flag: "--tls-key", Path: c.TLSKey},
		CA: certs.File{Flag: "--tls-client-ca", Path: c.TLSClientCA},
	}, log)
}

// certificates are the app's: those shown to callers, and those to models' hosts.
type certificates struct {
	callers *certs.Source // nil: plain HTTP
	hosts   *certs.Source // nil: none is reached over TLS
}

// openCertificates reads all that are named, and tells each that cannot be used.
func (c *serveCmd) openCertificates(log *slog.Logger) (certificates, error) {
	callers, callersErr := c.tlsFlags.openCertificates(log)
	hosts, hostsErr := c.predictorFlags.openCertificates(log)
	return certificates{callers, hosts}, errors.Join(callersErr, hostsErr)
}

// watch has each be taken on as it changes; renew has the hosts be dialled anew.
func (c certificates) watch(renew func()) {
	if c.callers != nil {
		c.callers.Watch(func() {}) // connections that are open go on
	}
	if c.hosts != nil {
		c.hosts.Watch(renew)
	}
}

func (c certificates) each() []*certs.Source {
	return slices.DeleteFunc([]*certs.Source{c.callers, c.hosts}, func(s *certs.Source) bool { return s == nil })
}

// Reload reads all files again, at once. Those that cannot be used change nothing.
func (c certificates) Reload() error {
	var errs []error
	for _, source := range c.each() {
		errs = append(errs, source.Reload())
	}
	return errors.Join(errs...)
}

// State tells until when each is valid, and why what the files hold now is not taken
// on, if so.
func (c certificates) State() (all certs.State) {
	for _, source := range c.each() {
		state := source.State()
		all.Certificates = append(all.Certificates, state.Certificates...)
		all.Err = errors.Join(all.Err, state.Err)
	}
	return all
}

// expiries are when those of each file expire, the first of several, by the flag that
// names the file.
func (c certificates) expiries() map[string]time.Time {
	first := map[string]time.Time{}
	for _, certificate := range c.State().Certificates {
		flag := strings.TrimPrefix(certificate.Flag, "--")
		if known, ok := first[flag]; !ok || certificate.NotAfter.Before(known) {
			first[flag] = certificate.NotAfter
		}
	}
	return first
}

func (c certificates) close() {
	for _, source := range c.each() {
		source.Close()
	}
}

// forCallers is nil for plain HTTP.
func (c certificates) forCallers() *tls.Config {
	if c.callers == nil {
		return nil
	}
	return c.callers.Server()
}

// warnOfPlain tells of what other machines can reach in plain: keys, tokens and answers
// on the way to callers, unless a proxy that ends TLS is all that reaches it; metrics and
// profiles, for which no key is asked at all.
func warnOfPlain(log *slog.Logger, listen, admin string, secured bool) {
	if !secured && reachable(listen) {
		log.Warn("--listen can be reached from other machines in plain: whoever is on the way reads keys and answers; see --tls-cert", "address", listen)
	}
	if admin != "" && reachable(admin) {
		log.Warn("--admin-listen can be reached from other machines: it has no TLS and asks for no key", "address", admin)
	}
}

// reachable reports whether an address is more than this machine's own.
func reachable(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && host != "localhost" && (ip == nil || !ip.IsLoopback())
}
