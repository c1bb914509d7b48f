package access

import (
	"fmt"
	"slices"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

const (
	assess = fraudactivityv1.Permission_PERMISSION_ASSESS
	record = fraudactivityv1.Permission_PERMISSION_RECORD
	label  = fraudactivityv1.Permission_PERMISSION_LABEL
	read   = fraudactivityv1.Permission_PERMISSION_READ
	known  = fraudactivityv1.Permission_PERMISSION_AUTHENTICATED
)

// roles are what a key may bear, and the permissions that go with it.
var roles = map[string][]fraudactivityv1.Permission{
	"client":  {known, assess},
	"backend": {known, assess, record},
	"analyst": {known, assess, read, label},
	"admin":   {known, assess, record, label, read},
}

// Roles are the names of all roles, the least powerful first.
var Roles = []string{"client", "backend", "analyst", "admin"}

// CheckRole refuses a role that does not exist.
func CheckRole(role string) error {
	if roles[role] == nil {
		return fmt.Errorf("role: must be one of %v, not %q", Roles, role)
	}
	return nil
}

// Permissions are what the caller's role holds.
func (c Caller) Permissions() []fraudactivityv1.Permission { return slices.Clone(roles[c.Role]) }

// May reports whether the caller's role holds a permission.
func (c Caller) May(p fraudactivityv1.Permission) bool { return slices.Contains(roles[c.Role], p) }
