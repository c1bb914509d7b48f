package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/certs"
)

// pair is a certificate that signs itself, and its key.
type pair struct{ cert, key []byte }

func newPair(t *testing.T, name string, until time.Time) pair {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &signer.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	return pair{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})}
}

// folder has the files of one side.
type folder struct {
	t *testing.T
	certs.Files
	said strings.Builder
}

func newFolder(t *testing.T) *folder {
	at := t.TempDir()
	return &folder{t: t, Files: certs.Files{Cert: certs.File{Flag: "--cert", Path: filepath.Join(at, "cert")},
		Key: certs.File{Flag: "--key", Path: filepath.Join(at, "key")}, CA: certs.File{Flag: "--ca", Path: filepath.Join(at, "ca")}}}
}

func (f *folder) put(path string, content []byte) {
	f.t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) open() *certs.Source {
	f.t.Helper()
	source, err := certs.Open(f.Files, slog.New(slog.NewTextHandler(&f.said, nil)))
	if err != nil {
		f.t.Fatal(err)
	}
	return source
}

// served is the subject of what a new handshake is shown.
func served(t *testing.T, s *certs.Source) string {
	t.Helper()
	config, err := s.Server().GetConfigForClient(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return config.Certificates[0].Leaf.Subject.CommonName
}

// TestWhatMakesNoSenseChangesNothing goes from one pair to another by way of all that
// may lie in the files meanwhile.
func TestWhatMakesNoSenseChangesNothing(t *testing.T) {
	later := time.Now().Add(time.Hour)
	first, second, third, old := newPair(t, "first", later), newPair(t, "second", later), newPair(t, "third", later), newPair(t, "old", time.Now().Add(-time.Hour))
	f := newFolder(t)
	f.put(f.Cert.Path, first.cert)
	f.put(f.Key.Path, first.key)
	f.put(f.CA.Path, first.cert)
	source := f.open()
	for _, step := range []struct {
		name          string
		cert, key, ca []byte
		wrong         string // empty: taken on
		shows         string
	}{
		{"nothing new", first.cert, first.key, first.cert, "", "first"},
		{"the certificate, without its key", second.cert, first.key, first.cert, "--cert and --key: ", "first"},
		{"half of the key", second.cert, second.key[:100], first.cert, "--key: is damaged, or cut short", "first"},
		{"an empty key", second.cert, nil, first.cert, "--key: holds no PEM", "first"},
		{"both", second.cert, second.key, first.cert, "", "second"},
		{"half of a chain", append(third.cert, second.cert[:200]...), third.key, first.cert, "--cert: is damaged, or cut short", "second"},
		{"back to what is in use", second.cert, second.key, first.cert, "", "second"},
		{"what has expired", old.cert, old.key, first.cert, "expired on", "second"},
		{"a pair, beside half of an authority", third.cert, third.key, append(first.cert, second.cert[:200]...), "--ca: is damaged, or cut short", "third"},
		{"a key as an authority", third.cert, third.key, third.key, "--ca: holds PRIVATE KEY", "third"},
		{"another authority", third.cert, third.key, second.cert, "", "third"},
	} {
		f.put(f.Cert.Path, step.cert)
		f.put(f.Key.Path, step.key)
		f.put(f.CA.Path, step.ca)
		for range 2 { // whatever is told is told each time it is asked
			err := source.Reload()
			if (err == nil) != (step.wrong == "") || err != nil && !strings.Contains(err.Error(), step.wrong) {
				t.Errorf("%s: %v, want …%s…", step.name, err, step.wrong)
			}
			if state := source.State(); state.Err != err && state.Err.Error() != err.Error() {
				t.Errorf("%s: %v, beside %v", step.name, state.Err, err)
			}
		}
		if shows := served(t, source); shows != step.shows {
			t.Errorf("%s: %s is shown, want %s", step.name, shows, step.shows)
		}
	}
	if refused := strings.Count(f.said.String(), "certificates refused"); refused != 7 {
		t.Errorf("%d refusals logged, want one for each\n%s", refused, f.said.String())
	}
	state := source.State()
	if len(state.Certificates) != 2 || state.Certificates[0].Subject != "CN=third" || state.Certificates[1] != (certs.Certificate{Flag: "--ca", Subject: "CN=second", NotAfter: later.UTC().Truncate(time.Second)}) {
		t.Errorf("%+v", state)
	}
}

func TestFilesThatAreGoneChangeNothing(t *testing.T) {
	f := newFolder(t)
	f.Files.CA = certs.File{}
	first := newPair(t, "first", time.Now().Add(time.Hour))
	f.put(f.Cert.Path, first.cert)
	f.put(f.Key.Path, first.key)
	source := f.open()
	if err := os.Remove(f.Key.Path); err != nil {
		t.Fatal(err)
	}
	if err := source.Reload(); err == nil || err.Error() != "--key: no such file or directory" {
		t.Errorf("%v", err)
	}
	if served(t, source) != "first" {
		t.Error("it is not served any more")
	}
	f.put(f.Key.Path, first.key)
	if err := source.Reload(); err != nil || source.State().Err != nil {
		t.Errorf("%v, %v: it is back", err, source.State().Err)
	}
}

func TestFilesAreLookedAtUntilClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		f.Files.Cert, f.Files.Key = certs.File{}, certs.File{}
		ca := newPair(t, "ca", time.Now().Add(24*time.Hour)).cert
		f.put(f.CA.Path, ca)
		source := f.open()
		var changes atomic.Int64
		source.Watch(func() { changes.Add(1) })
		time.Sleep(time.Minute) // of the bubble
		f.put(f.CA.Path, append(ca, ca...))
		time.Sleep(2 * time.Second)
		if changes := changes.Load(); changes != 1 {
			t.Errorf("%d changes, want one", changes)
		}
		source.Close()
		f.put(f.CA.Path, ca)
		time.Sleep(time.Minute)
		if changes := changes.Load(); changes != 1 {
			t.Errorf("%d changes after Close", changes)
		}
	})
}
