package access

// Caller is who calls.
type Caller struct {
	KeyID string
	Name  string
	Role  string
}
