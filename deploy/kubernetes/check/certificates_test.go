package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeSecrets writes, below a folder for each Secret of certificates, tls.crt for its names,
// tls.key and ca.crt, all of one authority.
func writeSecrets(t *testing.T, folder string, secrets map[string][]string) (authority *x509.CertPool) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	root := sign(t, from, from, own, own)
	for secret, names := range secrets {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: secret}, DNSNames: names,
			NotBefore: from.NotBefore, NotAfter: from.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature}
		plain, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, secret, "ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}))
		write(t, filepath.Join(folder, secret, "tls.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sign(t, leaf, from, key, own)}))
		write(t, filepath.Join(folder, secret, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}))
	}
	authority = x509.NewCertPool()
	read, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	authority.AddCert(read)
	return authority
}

func sign(t *testing.T, what, by *x509.Certificate, key, with *ecdsa.PrivateKey) []byte {
	t.Helper()
	signed, err := x509.CreateCertificate(rand.Reader, what, by, key.Public(), with)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
