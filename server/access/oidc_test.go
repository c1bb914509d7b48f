package access

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// believing is what the tests' issuer is believed.
func believing(i *issuertest.Issuer) Issuer {
	return Issuer{URL: i.URL, Audiences: []string{"other", issuertest.Audience}, RoleClaim: "realm_access.roles",
		Roles: map[string]string{"fraud-reader": "analyst", "fraud-shop": "client", "fraud-boss": "admin"}, ClockSkew: 30 * time.Second}
}

// withTokens runs do on fake time, with an issuer that is reached without a network.
func withTokens(t *testing.T, do func(t *testing.T, issuer *issuertest.Issuer, tokens *Tokens)) {
	issuer := issuertest.New(t)
	synctest.Test(t, func(t *testing.T) {
		tokens := openTokens(believing(issuer), &http.Client{Transport: issuer}, slog.New(slog.DiscardHandler))
		defer tokens.Close()
		do(t, issuer, tokens)
	})
}

func realm(values ...any) map[string]any {
	return map[string]any{"realm_access": map[string]any{"roles": values}}
}

func admit(tokens *Tokens, token string) (Caller, error) {
	return tokens.Authenticate(context.Background(), "Bearer "+token)
}

func TestATokenOpensAndTellsWhoseItIs(t *testing.T) {
	withTokens(t, func(t *testing.T, issuer *issuertest.Issuer, tokens *Tokens) {
		for name, c := range map[string]struct {
			subject string
			more    map[string]any
			want    Caller
		}{
			"plain":           {"u-1", realm("x", "fraud-reader"), Caller{KeyID: "oidc:u-1", Name: "u-1", Role: "analyst"}},
			"the most":        {"u-1", realm("fraud-boss", "fraud-shop", 7), Caller{KeyID: "oidc:u-1", Name: "u-1", Role: "admin"}},
			"a single string": {"u-1", map[string]any{"realm_access": map[string]any{"roles": "fraud-shop"}}, Caller{KeyID: "oidc:u-1", Name: "u-1", Role: "client"}},
			"dots in a name":  {"u-1", map[string]any{"realm_access.roles": "fraud-shop"}, Caller{KeyID: "oidc:u-1", Name: "u-1", Role: "client"}},
			"several parties": {"auth0|5f7c", map[string]any{"aud": []string{"z", issuertest.Audience}, "email": "a@b.example", "realm_access": nil},
				Caller{KeyID: "oidc:auth0|5f7c", Name: "a@b.example", NoRole: `the claim "realm_access.roles" of this token names no role`}},
			"a role unmapped": {"u-1", realm("admin"), Caller{KeyID: "oidc:u-1", Name: "u-1", NoRole: `the claim "realm_access.roles" of this token names no role`}},
			"not plain":       {"a\nb", map[string]any{"name": "Ann\x00 \u202eB"}, Caller{KeyID: subjectID("a\nb"), Name: "Ann B", NoRole: `the claim "realm_access.roles" of this token names no role`}},
			"skewed":          {"u-1", map[string]any{"iat": time.Now().Add(29 * time.Second).Unix(), "exp": time.Now().Add(-29 * time.Second).Unix(), "realm_access.roles": "fraud-shop"}, Caller{KeyID: "oidc:u-1", Name: "u-1", Role: "client"}},
		} {
			token := issuer.Token(t, c.subject, c.more)
			for range 2 { // seen to, and known
				if got, err := admit(tokens, token); err != nil || got != c.want {
					t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
				}
			}
			if got, ok := tokens.known("bearer  " + token); !ok || got != c.want || tokens.claimed("Bearer "+token) != c.want.KeyID {
				t.Errorf("%s: not known once it was seen to: %+v", name, got)
			}
		}
	})
}

func TestSubjectsThatAreNotPlainHaveShortPlainNamesOfTheirOwn(t *testing.T) {
	long := strings.Repeat("a", 129)
	names := map[string]bool{}
	for _, subject := range []string{"a", long, long + "a", "a b", "é", "\x00", "~" + "a"} {
		id := subjectID(subject)
		if names[id] || len(id) > 5+maxShown || strings.ContainsFunc(strings.Replace(id, "~", "", 1), notPlain) {
			t.Errorf("%q is named %q", subject, id)
		}
		names[id] = true
	}
}

func TestRefusedTokens(t *testing.T) {
	withTokens(t, func(t *testing.T, issuer *issuertest.Issuer, tokens *Tokens) {
		now := time.Now()
		token := func(more map[string]any) string { return issuer.Token(t, "u-1", more) }
		good := token(realm("fraud-boss"))
		parts := strings.Split(good, ".")
		key, other := issuer.Key(), issuertest.NewKey(t, "rsa")
		public, _ := x509.MarshalPKIXPublicKey(key.Private.Public())
		none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"rsa"}`))
		embedded := signWithItsOwnKey(t, other, issuer.Claims("u-1", realm("fraud-boss")))
		for name, c := range map[string]struct{ token, says string }{
			"of another issuer":           {token(map[string]any{"iss": issuer.URL + "/"}), "another issuer"},
			"of no issuer":                {token(map[string]any{"iss": nil}), "another issuer"},
			"for others":                  {token(map[string]any{"aud": "fraud2"}), "another audience"},
			"for nobody":                  {token(map[string]any{"aud": nil}), "another audience"},
			"expired":                     {token(map[string]any{"exp": now.Add(-30 * time.Second).Unix()}), "expired"},
			"without an end":              {token(map[string]any{"exp": nil}), "does not say when it expires"},
			"with a text as end":          {token(map[string]any{"exp": "tomorrow"}), "malformed"},
			"not yet valid":               {token(map[string]any{"nbf": now.Add(31 * time.Second).Unix()}), "not valid yet"},
			"issued in the future":        {token(map[string]any{"iat": now.Add(31 * time.Second).Unix()}), "not valid yet"},
			"of nobody":                   {token(map[string]any{"sub": nil}), "of whom"},
			"unsigned":                    {none + "." + parts[1] + ".", "not accepted"},
			"none, with a signature":      {none + "." + parts[1] + "." + parts[2], "not accepted"},
			"signed with the public key":  {issuertest.Sign(t, jose.HS256, public, "rsa", issuer.Claims("u-1", nil)), "not accepted"},
			"signed with another key":     {issuertest.Sign(t, other.Algorithm, other.Private, "", issuer.Claims("u-1", nil)), "signature"},
			"with another key's ID":       {issuertest.Sign(t, jose.RS512, key.Private, "rsa", issuer.Claims("u-1", nil)), ""},
			"that brings its own key":     {embedded, ""},
			"with another's payload":      {parts[0] + "." + strings.Split(token(nil), ".")[1] + "x." + parts[2], ""},
			"cut short":                   {good[:len(good)-4], "signature"},
			"too long":                    {good + strings.Repeat("a", maxJWT), "malformed"},
			"of three dots":               {"..", ""},
			"in JSON, as JWS also allows": {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}..`, "malformed"},
		} {
			_, err := admit(tokens, c.token)
			reason := fraud.ReasonOf(err)
			if reason != fraud.ReasonUnauthenticated && reason != fraud.ReasonIssuerUnavailable || !strings.Contains(err.Error(), c.says) && reason == fraud.ReasonUnauthenticated {
				t.Errorf("%s: %v, want …%s…", name, err, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), parts[1][:20]) || strings.Contains(err.Error(), "u-1")) {
				t.Errorf("%s: the error tells what was sent: %v", name, err)
			}
			if tokens.claimed("Bearer "+c.token) != "" {
				t.Errorf("%s: known after all", name)
			}
		}
		if _, err := admit(tokens, good); err != nil {
			t.Error(err)
		}
		if _, err := tokens.Authenticate(t.Context(), "Basic "+good); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("another scheme: %v", err)
		}
	})
}

// signWithItsOwnKey signs with a key that the token's header brings along.
func signWithItsOwnKey(t *testing.T, key issuertest.Key, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: key.Algorithm, Key: key.Private}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, _ := signed.CompactSerialize()
	return token
}

func TestATokenThatIsKnownExpires(t *testing.T) {
	withTokens(t, func(t *testing.T, issuer *issuertest.Issuer, tokens *Tokens) {
		token := issuer.Token(t, "u-1", realm("fraud-boss"))
		time.Sleep(time.Hour + 30*time.Second - time.Nanosecond)
		for range 2 {
			if _, err := admit(tokens, token); err != nil {
				t.Fatalf("within its life: %v", err)
			}
		}
		time.Sleep(time.Nanosecond)
		if _, err := admit(tokens, token); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("after its life: %v", err)
		}
	})
}

func TestNewKeysAreSeenAtOnceAndGuessesCannotLoadTheIssuer(t *testing.T) {
	withTokens(t, func(t *testing.T, issuer *issuertest.Issuer, tokens *Tokens) {
		old := issuer.Token(t, "u-1", realm("fraud-boss"))
		if _, err := admit(tokens, old); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // fake time stands still else
		issuer.Rotate(t, "new")
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				if _, err := admit(tokens, issuer.Token(t, "u-2", realm("fraud-boss"))); err != nil {
					t.Errorf("the new key: %v", err)
				}
			})
		}
		callers.Wait()
		if _, err := admit(tokens, old); err != nil {
			t.Errorf("the old key: %v", err)
		}
		if read := issuer.Read.Load(); read != 2 {
			t.Errorf("read %d times, want 2", read)
		}
		for i := range 1000 {
			guess := issuertest.Sign(t, jose.ES256, issuer.Key().Private, "guess-"+string(rune('a'+i%26)), issuer.Claims("u-1", nil))
			if _, err := admit(tokens, guess); err == nil {
				t.Fatal("a guess opens")
			}
			time.Sleep(50 * time.Millisecond) // 50 s in all
		}
		if read := issuer.Read.Load(); read < 5 || read > 7 {
			t.Errorf("read %d times in 50 s of guesses", read)
		}
	})
}

func TestKeysThatTheIssuerWithdrawsStopOpening(t *testing.T) {
	withTokens(t, func(t *testing.T, issuer *issuertest.Issuer, tokens *Tokens) {
		old := issuer.Token(t, "u-1", realm("fraud-boss"))
		if _, err := admit(tokens, old); err != nil {
			t.Fatal(err)
		}
		issuer.Rotate(t, "new")
		issuer.ShowLast()
		time.Sleep(issuerEvery + time.Second)
		for range 2 { // the second one while the issuer is not asked again
			if _, err := admit(tokens, old); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
				t.Errorf("a token of a withdrawn key: %v", err)
			}
		}
		if _, err := admit(tokens, issuer.Token(t, "u-1", realm("fraud-boss"))); err != nil {
			t.Error(err)
		}
	})
}

func TestAnIssuerThatIsDown(t *testing.T) {
	issuer := issuertest.New(t)
	issuer.Down.Store(true)
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		tokens := openTokens(believing(issuer), &http.Client{Transport: issuer}, slog.New(slog.NewTextHandler(&told, nil)))
		defer tokens.Close()
		token := issuer.Token(t, "u-1", realm("fraud-boss"))
		if _, err := admit(tokens, token); fraud.ReasonOf(err) != fraud.ReasonIssuerUnavailable {
			t.Errorf("nobody knows yet who that is: %v", err)
		}
		if _, ever := tokens.Age(); ever {
			t.Error("keys were read of an issuer that is down")
		}
		issuer.Down.Store(false)
		time.Sleep(issuerAgain)
		synctest.Wait()
		if _, err := admit(tokens, token); err != nil {
			t.Errorf("once it is up: %v", err)
		}
		issuer.Down.Store(true)
		time.Sleep(30 * time.Minute)
		for _, known := range []string{token, issuer.Token(t, "u-2", nil)} {
			if _, err := admit(tokens, known); err != nil {
				t.Errorf("with the keys of before: %v", err)
			}
		}
		if age, ever := tokens.Age(); !ever || age < 25*time.Minute {
			t.Errorf("its keys are %s old", age)
		}
		stranger := issuertest.NewKey(t, "stranger")
		if _, err := admit(tokens, issuertest.Sign(t, stranger.Algorithm, stranger.Private, "stranger", issuer.Claims("u-1", nil))); fraud.ReasonOf(err) != fraud.ReasonIssuerUnavailable {
			t.Errorf("a key that may be new: %v", err)
		}
		time.Sleep(3 * time.Hour)
		issuer.Down.Store(false)
		time.Sleep(issuerAgain)
		synctest.Wait()
		for line, times := range map[string]int{"cannot be read": 2, "not read for long": 1, "read again": 2, "keys are new": 1} {
			if n := strings.Count(told.String(), line); n != times {
				t.Errorf("the log says %d times that keys are %q, want %d:\n%s", n, line, times, told.String())
			}
		}
	})
}

// slowly takes a second for each answer.
type slowly struct{ of http.RoundTripper }

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(time.Second) // fake
	return s.of.RoundTrip(r)
}

func TestTheFirstTokensWaitForTheFirstReading(t *testing.T) {
	issuer := issuertest.New(t)
	synctest.Test(t, func(t *testing.T) {
		tokens := openTokens(believing(issuer), &http.Client{Transport: slowly{issuer}}, slog.New(slog.DiscardHandler))
		defer tokens.Close()
		token := issuer.Token(t, "u-1", realm("fraud-boss"))
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := tokens.Authenticate(hurried, "Bearer "+token); err == nil || hurried.Err() == nil {
			t.Errorf("one that cannot wait: %v", err)
		}
		var first sync.WaitGroup
		for range 100 {
			first.Go(func() {
				if _, err := admit(tokens, token); err != nil {
					t.Error(err)
				}
			})
		}
		first.Wait()
		if read := issuer.Read.Load(); read != 1 {
			t.Errorf("read %d times, want 1", read)
		}
	})
}
