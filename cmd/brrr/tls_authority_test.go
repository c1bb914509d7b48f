package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/certs"
)

// authority signs certificates of tests.
type authority struct {
	t      *testing.T
	cert   *x509.Certificate
	signer *ecdsa.PrivateKey
	pem    []byte
}

// issued is a certificate with its key, as PEM.
type issued struct {
	cert, key []byte
	serial    *big.Int
}

var lastSerial atomic.Int64

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, signer: newSigner(t)}
	template := &x509.Certificate{SerialNumber: big.NewInt(lastSerial.Add(1)), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.signer.PublicKey, a.signer)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func newSigner(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue signs a certificate for either side of a connection to this machine.
func (a *authority) issue(changes ...func(*x509.Certificate)) issued {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(lastSerial.Add(1)), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, change := range changes {
		change(template)
	}
	key := newSigner(a.t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.signer)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return issued{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), template.SerialNumber}
}

func expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

func named(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{name}, nil }
}

// pool trusts these authorities alone.
func pool(trusted ...*authority) *x509.CertPool {
	p := x509.NewCertPool()
	for _, a := range trusted {
		p.AddCert(a.cert)
	}
	return p
}

// bundle is a file's content for these authorities.
func bundle(trusted ...*authority) (content []byte) {
	for _, a := range trusted {
		content = append(content, a.pem...)
	}
	return content
}

// shown is what a client has that shows the certificate.
func (i issued) shown(t *testing.T) []tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(i.cert, i.key)
	if err != nil {
		t.Fatal(err)
	}
	return []tls.Certificate{pair}
}

// write puts a file in place at once, as a rename does.
func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// files puts the certificate and its key into a folder, and returns their paths.
func (i issued) files(t *testing.T, folder string) (cert, key string) {
	t.Helper()
	return write(t, filepath.Join(folder, "cert.pem"), i.cert), write(t, filepath.Join(folder, "key.pem"), i.key)
}

// secured is what a listener stands on that shows the certificate.
func (i issued) secured(t *testing.T) *tls.Config {
	t.Helper()
	cert, key := i.files(t, t.TempDir())
	source, err := certs.Open(certs.Files{Cert: certs.File{Path: cert}, Key: certs.File{Path: key}}, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	return source.Server()
}

// overTLS speaks HTTP/1.1 or HTTP/2 alone.
func overTLS(t *testing.T, enable func(*http.Protocols, bool), config *tls.Config) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	enable(protocols, true)
	transport := &http.Transport{Protocols: protocols, TLSClientConfig: config.Clone()}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
