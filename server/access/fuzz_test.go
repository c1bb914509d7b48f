package access

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// FuzzParseAuthorization wants nothing accepted that is not a token, whole, and
// every refusal to be one of two fixed texts, which cannot tell what was sent.
func FuzzParseAuthorization(f *testing.F) {
	token, _, _ := newToken()
	for _, seed := range []string{
		"Bearer " + token, "bearer  " + token + " ", "Bearer", "", " ", token, "Basic " + token, "Bearer brrr_", "Bearer brrr__",
		"Bearer brrr_a_", "Bearer brrr__b", "Bearer brrr_a_b_c", "Bearer\tbrrr_a_b", "Bearer brrr_a_b, Bearer brrr_c_d",
		"Bearer xbrrr_a_b", "brrr_x Bearer brrr_a_b", "Bearer \x00brrr_a_b", "Bearer brrr_\xff_\xff", "Bearer brrr_a_ b", "Bearer " + token + strings.Repeat("a", maxToken),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		id, hash, err := parseAuthorization(header)
		if err != nil {
			if !errors.Is(err, errNoToken) && !errors.Is(err, errMalformed) {
				t.Errorf("%q: refused with %q", header, err)
			}
			if id != "" || hash != [sha256.Size]byte{} {
				t.Errorf("%q: %q and %x beside %v", header, id, hash, err)
			}
			return
		}
		scheme, token, _ := strings.Cut(header, " ")
		secret, ok := strings.CutPrefix(strings.TrimSpace(token), tokenPrefix+id+"_") // whatever it holds: its hash decides
		if !ok || id == "" || secret == "" || strings.Contains(id, "_") || !strings.EqualFold(scheme, "Bearer") || len(header) > maxToken {
			t.Errorf("%q is read as the token of %q", header, id)
		}
		if hash != sha256.Sum256([]byte(secret)) {
			t.Errorf("%q: the hash is of something else than %q", header, secret)
		}
		// Who is held to a limit before being let in must be who is let in then.
		known := &Keyring{}
		known.snapshot.Store(&snapshot{keys: map[string]fraud.Key{id: {ID: id, Hash: hash}}})
		if claimed := known.claimed(header); claimed != id {
			t.Errorf("%q claims to be %q and is %q", header, claimed, id)
		}
		if claimed := known.claimed(header + "x"); claimed != "" {
			t.Errorf("%q with an x claims to be %q", header, claimed)
		}
	})
}

// FuzzToken wants no header but that of a token which the issuer signed to open, no
// panic, and no refusal to tell what was sent.
func FuzzToken(f *testing.F) {
	issuer := issuertest.New(f)
	tokens := openTokens(believing(issuer), &http.Client{Transport: issuer}, slog.New(slog.DiscardHandler))
	f.Cleanup(tokens.Close)
	callers := &Callers{Tokens: tokens}
	good := issuer.Token(f, "subject-of-the-token", realm("fraud-boss"))
	head, rest, _ := strings.Cut(good, ".")
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, seed := range []string{
		"Bearer " + good, "bearer  " + good + " ", "Bearer ..", "Bearer a.b.c", good, "Basic " + good, "Bearer " + head + ".." + rest,
		"Bearer brrr_a.b.c_d", "Bearer " + part(`{"alg":"none"}`) + "." + rest, "Bearer " + part(`{"alg":"RS256","kid":7}`) + "." + rest,
		"Bearer " + part(`{"alg":"RS256","crit":["b64"],"b64":false}`) + "." + rest, "Bearer " + part(`{"alg":"RS256","jwk":{"kty":"oct","k":"AA"}}`) + "." + rest,
		"Bearer " + part(`{"alg":"RS256","kid":"rsa","kid":"x"}`) + "." + rest, "Bearer " + part(`{"alg":"ES256","kid":"rsa"}`) + "." + rest,
		"Bearer " + part(`{"alg":"HS256","kid":"rsa"}`) + "." + rest, "Bearer " + part("{\"alg\":\"\xff\"}") + "." + rest, "Bearer \x00.\x00.\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if !isToken(header) {
			return // FuzzParseAuthorization is about those
		}
		caller, err := callers.Authenticate(t.Context(), http.Header{"Authorization": {header}}, "192.0.2.1:1")
		token, _ := bearer(header)
		if err == nil {
			if caller.KeyID != "oidc:subject-of-the-token" || token != good || callers.Claimed(header) != caller.KeyID {
				t.Errorf("%q opens for %+v", header, caller)
			}
			return
		}
		var refused *fraud.Error
		if !errors.As(err, &refused) || refused.Reason != fraud.ReasonUnauthenticated && refused.Reason != fraud.ReasonIssuerUnavailable {
			t.Errorf("%q: refused with %v", header, err)
		}
		for _, part := range strings.Split(token, ".") {
			if len(part) > 20 && strings.Contains(err.Error(), part) {
				t.Errorf("%q: the refusal tells it: %v", header, err)
			}
		}
	})
}
