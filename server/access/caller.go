package access

// Caller is who calls.
type Caller struct {
	KeyID  string // of a key, or oidc: and the subject of a token
	Name   string
	Role   string
	NoRole string // why there is no role, of a caller that is known and has none
}
