package access

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
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
		// Who is held to a limit before being known must be who is known then.
		if claimed := Claimed(header); claimed != id {
			t.Errorf("%q claims to be %q and is %q", header, claimed, id)
		}
	})
}
