package access

import "crypto/subtle"

// Claimed is who a request comes from by what is in memory, at next to no cost: the ID
// of a key, revoked or not, or the caller of a token that was verified before. All other
// keys and tokens are as one caller, "", so that who makes them up shares what one has.
func (c *Callers) Claimed(header string) string { return c.by(header).claimed(header) }

// claimed is the ID of a key that is known and whose secret the header bears. Whoever
// has no more than the ID, which is no secret, is as all who make keys up.
func (k *Keyring) claimed(header string) string {
	id, hash, err := parseAuthorization(header)
	key, found := k.snapshot.Load().keys[id]
	if err != nil || !found || subtle.ConstantTimeCompare(hash[:], key.Hash[:]) == 0 {
		return ""
	}
	return id
}
