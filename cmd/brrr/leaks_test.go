package main

import (
	"fmt"
	"io"
	"regexp"
	"sync"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// secretForms are what secrets look like: a key's own 52 letters, a token of an
// identity provider, a private key.
var secretForms = regexp.MustCompile(`[a-z2-7]{52}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|PRIVATE KEY-----`)

// seeker looks for secrets in whatever is written through it.
type seeker struct {
	io.Writer

	mu    sync.Mutex
	found []string
}

// All that servers in these tests log, and all spans that are sent to their receivers.
// TestMain looks into these in the end.
var (
	logged = &seeker{Writer: io.Discard}
	traced = &seeker{Writer: io.Discard}
)

func (s *seeker) Write(p []byte) (int, error) {
	if secret := secretForms.Find(p); secret != nil {
		s.mu.Lock()
		s.found = append(s.found, fmt.Sprintf("%q, in %.400q", secret, p))
		s.mu.Unlock()
	}
	return s.Writer.Write(p)
}

// verdict tells of secrets that were found.
func (s *seeker) verdict() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found
}

func openStoreIn(t *testing.T, data string) fraud.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestTheSeekerFindsSecrets(t *testing.T) {
	key := newKey(t, openStoreIn(t, t.TempDir()), "client")
	for name, c := range map[string]struct {
		line string
		want int
	}{
		"a key":            {"key=" + key + " end", 1},
		"a secret alone":   {"sent " + key[len(key)-52:], 1},
		"a key's ID":       {"key_id=" + key[5:18], 0},
		"a JWT":            {"Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0xxxx.c2lnbmF0dXJl", 1},
		"a JWT of no alg.": {"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0xxxx.", 1},
		"a private key":    {"-----BEGIN EC PRIVATE KEY-----", 1},
		"a certificate":    {"-----BEGIN CERTIFICATE-----", 0},
		"a SHA-256":        {"3f0a9e1c5b7d2f48a6c0e9182736455463728190abcdef0123456789abcdef01", 0},
	} {
		s := &seeker{Writer: io.Discard}
		if _, err := io.WriteString(s, c.line); err != nil || len(s.verdict()) != c.want {
			t.Errorf("%s: found %q, %v", name, s.verdict(), err)
		}
	}
}
