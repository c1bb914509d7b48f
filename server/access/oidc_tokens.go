package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash/maphash"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// maxJWT bounds a token.
	maxJWT = 8 << 10
	// openedTokens is how many tokens at least are known without a look at their
	// signature.
	openedTokens = 10_000
)

// Tokens knows the callers behind an issuer's tokens.
type Tokens struct {
	issuer Issuer
	client *http.Client
	log    *slog.Logger
	seed   maphash.Seed
	keys   atomic.Pointer[issuerKeys] // nil until the issuer has shown them

	reading chan struct{} // a token: one reading at a time; it guards what follows
	failure error         // of the last reading
	sought  time.Time     // when the issuer was asked for the sake of a key not seen yet
	told    bool          // that it has failed for long

	read    atomic.Pointer[time.Time] // when keys were last read
	life    context.Context           // until Close
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// issuerKeys are what the issuer shows, and which tokens were seen to be signed with
// them: whoever is let in by keys that are gone is forgotten along with them.
type issuerKeys struct {
	keys      []jose.JSONWebKey
	withdrawn map[string]bool // IDs of keys that were shown before
	print     [sha256.Size]byte
	opened    *recent[[sha256.Size]byte, opened]
	callers   *recent[uint64, string] // their key IDs, by a quick hash: for claimed alone
}

// opened is what a token opens, until it expires.
type opened struct {
	caller Caller
	until  time.Time
}

func (t *Tokens) known(header string) (Caller, bool) {
	token, ok := bearer(header)
	keys := t.keys.Load()
	if !ok || keys == nil || len(token) > maxJWT {
		return Caller{}, false
	}
	found, ok := keys.opened.get(sha256.Sum256([]byte(token)))
	if !ok || !time.Now().Before(found.until) {
		return Caller{}, false
	}
	return found.caller, true
}

// claimed costs a fortieth of known. A token that happens to have the same hash would
// be counted as another caller's, and opens nothing.
func (t *Tokens) claimed(header string) string {
	token, _ := bearer(header)
	keys := t.keys.Load()
	if keys == nil || len(token) > maxJWT {
		return ""
	}
	caller, _ := keys.callers.get(maphash.String(t.seed, token))
	return caller
}

// Authenticate finds the caller behind the value of an Authorization header. It
// never echoes any of it.
func (t *Tokens) Authenticate(ctx context.Context, header string) (Caller, error) {
	if caller, ok := t.known(header); ok {
		return caller, nil
	}
	token, ok := bearer(header)
	if !ok || len(token) > maxJWT {
		return Caller{}, unauthenticated("malformed token")
	}
	parsed, err := jwt.ParseSigned(token, algorithms)
	var other *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &other):
		return Caller{}, unauthenticated("this token is signed in a way that is not accepted")
	case err != nil || len(parsed.Headers) != 1:
		return Caller{}, unauthenticated("malformed token")
	}
	// Before its signature is: what is of another issuer or has expired is not worth it.
	caller, until, err := t.issuer.admit(parsed, time.Now())
	if err != nil {
		return Caller{}, err
	}
	keys, err := t.verify(ctx, parsed)
	if err != nil {
		return Caller{}, err
	}
	keys.opened.put(sha256.Sum256([]byte(token)), opened{caller, until})
	keys.callers.put(maphash.String(t.seed, token), caller.KeyID)
	return caller, nil
}

// verify sees to the signature, and tells by which of the issuer's keys.
func (t *Tokens) verify(ctx context.Context, token *jwt.JSONWebToken) (*issuerKeys, error) {
	keys, err := t.keysFor(ctx, token.Headers[0])
	if err != nil {
		return nil, err
	}
	for _, key := range keys.fitting(token.Headers[0]) {
		if token.Claims(key.Key) == nil {
			return keys, nil
		}
	}
	return nil, unauthenticated("this token's signature is wrong")
}

// keysFor are the issuer's keys. It is asked again if it has not shown the header's
// yet.
func (t *Tokens) keysFor(ctx context.Context, header jose.Header) (*issuerKeys, error) {
	keys := t.keys.Load()
	if keys.shows(header) {
		return keys, nil
	}
	err := t.seek(ctx, header)
	keys = t.keys.Load()
	switch {
	case keys.shows(header):
		return keys, nil
	case err != nil && (keys == nil || !keys.withdrawn[header.KeyID]):
		return nil, err
	}
	return nil, unauthenticated("this token is signed with a key that its issuer does not show")
}

// shows reports whether the header's key is known, or is any one.
func (k *issuerKeys) shows(header jose.Header) bool {
	return k != nil && slices.ContainsFunc(k.keys, func(key jose.JSONWebKey) bool {
		return header.KeyID == "" || header.KeyID == key.KeyID
	})
}

// fitting are the keys that the header names, or all if it names none.
func (k *issuerKeys) fitting(header jose.Header) (fitting []jose.JSONWebKey) {
	for _, key := range k.keys {
		if (header.KeyID == "" || header.KeyID == key.KeyID) && (key.Algorithm == "" || key.Algorithm == header.Algorithm) {
			fitting = append(fitting, key)
		}
	}
	return fitting
}
