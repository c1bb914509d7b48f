package access

import (
	"context"
	"net/http"
	"strings"
)

// Callers knows who calls, by whichever credential.
type Callers struct {
	Keys    *Keyring
	Tokens  *Tokens  // nil: keys alone open
	SignIns *SignIns // nil: nobody is held up, however often they fail
}

// credentials open by what is in memory, or by asking whoever knows.
type credentials interface {
	// known is the caller of a credential that is good by what is in memory.
	known(header string) (Caller, bool)
	// Authenticate may ask the store or the issuer.
	Authenticate(ctx context.Context, header string) (Caller, error)
	// claimed is whose the credential says it is.
	claimed(header string) string
}

// Authenticate finds the caller behind the Authorization header of a request that
// came from a peer. Who is known in memory is never held up for the sake of others
// at the same address.
func (c *Callers) Authenticate(ctx context.Context, header http.Header, peer string) (Caller, error) {
	credential := header.Get("Authorization")
	by := c.by(credential)
	if caller, ok := by.known(credential); ok {
		return caller, nil
	}
	if c.SignIns == nil || credential == "" {
		return by.Authenticate(ctx, credential)
	}
	return c.SignIns.try(header, peer, func() (Caller, error) { return by.Authenticate(ctx, credential) })
}

// Review is Authenticate for one who was let in before: however often others at its
// address fail meanwhile, it is told what has become of its own credential.
func (c *Callers) Review(ctx context.Context, header http.Header) (Caller, error) {
	credential := header.Get("Authorization")
	return c.by(credential).Authenticate(ctx, credential)
}

// by tells keys and tokens apart by their form.
func (c *Callers) by(header string) credentials {
	if c.Tokens != nil && isToken(header) {
		return c.Tokens
	}
	return c.Keys
}

// isToken reports whether the header bears three parts with dots between them, as a
// JWT has, and no key.
func isToken(header string) bool {
	token, ok := bearer(header)
	return ok && !strings.HasPrefix(token, tokenPrefix) && strings.Count(token, ".") == 2
}

// bearer is what follows "Bearer" in the header.
func bearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}
