// Package issuertest is an OIDC issuer for tests: discovery, keys and tokens as real
// ones have them.
package issuertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Audience is whom tokens are for.
const Audience = "fraud"

// Issuer signs tokens with the last key it made, and shows those that it shows.
type Issuer struct {
	URL  string
	Down atomic.Bool  // it answers nothing
	Read atomic.Int64 // how often its keys were read

	mu   sync.Mutex
	keys []Key // the last one signs
	show []Key
}

// Key is one that the issuer signs with.
type Key struct {
	ID        string
	Algorithm jose.SignatureAlgorithm
	Private   crypto.Signer
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// New is an issuer that is served by nobody yet, with one key of RSA.
func New(t testing.TB) *Issuer {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{URL: "http://localhost"}
	i.keys = []Key{{"rsa", jose.RS256, key}}
	i.show = i.keys
	return i
}

// Start is an issuer on a free port of loopback.
func Start(t testing.TB) *Issuer {
	t.Helper()
	i := New(t)
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// NewKey makes a key of an elliptic curve.
func NewKey(t testing.TB, id string) Key {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Key{id, jose.ES256, key}
}

// Rotate makes a key, shows it beside the others, and signs with it from now on.
func (i *Issuer) Rotate(t testing.TB, id string) {
	t.Helper()
	key := NewKey(t, id)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, key)
	i.show = append(i.show[:len(i.show):len(i.show)], key)
}

// ShowLast withdraws all keys but the one that signs.
func (i *Issuer) ShowLast() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.show = i.keys[len(i.keys)-1:]
}

// Key is the one that signs.
func (i *Issuer) Key() Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[len(i.keys)-1]
}

// Claims are what a token of a subject says, with more beside it or instead; nil
// leaves a claim out.
func (i *Issuer) Claims(subject string, more map[string]any) map[string]any {
	now := time.Now()
	claims := map[string]any{"iss": i.URL, "aud": Audience, "sub": subject, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	for name, value := range more {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// Token is one of a subject.
func (i *Issuer) Token(t testing.TB, subject string, more map[string]any) string {
	t.Helper()
	key := i.Key()
	return Sign(t, key.Algorithm, key.Private, key.ID, i.Claims(subject, more))
}

// Sign signs claims with whatever key.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", id))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(maps.Clone(claims)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// ServeHTTP is the issuer's side of discovery.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case i.Down.Load():
		http.Error(w, "down", http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/openid-configuration":
		answer(w, map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	case r.URL.Path == "/keys":
		i.Read.Add(1)
		answer(w, i.shown())
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) shown() (set jose.JSONWebKeySet) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, key := range i.show {
		set.Keys = append(set.Keys, jose.JSONWebKey{KeyID: key.ID, Algorithm: string(key.Algorithm), Use: "sig", Key: key.Private.Public()})
	}
	return set
}

func answer(w http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprint("what the issuer shows: ", err))
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // a reader that has gone misses nothing
}

// RoundTrip serves requests without a network, for tests on fake time.
func (i *Issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answered := httptest.NewRecorder()
	i.ServeHTTP(answered, r)
	return answered.Result(), nil
}
