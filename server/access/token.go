// Package access knows who calls and what they may do: keys, the roles they
// bear, and the permissions that each procedure asks for.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
)

// A token is brrr_<id>_<secret>. The ID may be shown and logged; the secret is
// 256 random bits, so that its plain SHA-256 is safe to keep.
const (
	tokenPrefix = "brrr_"
	idBytes     = 8
	secretBytes = 32
	maxToken    = 256
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newToken makes a token, its ID and the hash of its secret.
func newToken() (token, id string, hash [sha256.Size]byte) {
	raw := make([]byte, idBytes+secretBytes)
	rand.Read(raw) // never fails
	id = encoding.EncodeToString(raw[:idBytes])
	secret := encoding.EncodeToString(raw[idBytes:])
	return tokenPrefix + id + "_" + secret, id, sha256.Sum256([]byte(secret))
}

var errNoToken = errors.New(`no key: send "Authorization: Bearer brrr_<id>_<secret>"`)
var errMalformed = errors.New(`malformed key: send "Authorization: Bearer brrr_<id>_<secret>"`)

// parseAuthorization reads the header's value. It never echoes any of it.
func parseAuthorization(header string) (id string, hash [sha256.Size]byte, err error) {
	scheme, token, _ := strings.Cut(header, " ")
	if strings.TrimSpace(token) == "" {
		return "", hash, errNoToken
	}
	body, prefixed := strings.CutPrefix(strings.TrimSpace(token), tokenPrefix)
	id, secret, ok := strings.Cut(body, "_")
	if !strings.EqualFold(scheme, "Bearer") || len(header) > maxToken || !prefixed || !ok || id == "" || secret == "" {
		return "", hash, errMalformed
	}
	return id, sha256.Sum256([]byte(secret)), nil
}
