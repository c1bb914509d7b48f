package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// CreateKey stores a new key and returns its token, which cannot be had again.
// A zero lifetime never expires. The audit log names by, who asked for it.
func CreateKey(ctx context.Context, store fraud.Keys, name, role string, lifetime time.Duration, by string) (token string, err error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > 128 {
		return "", fmt.Errorf("name: must have 1 to 128 characters")
	}
	if err := CheckRole(role); err != nil {
		return "", err
	}
	if lifetime < 0 {
		return "", fmt.Errorf("expires: must not lie in the past")
	}
	token, id, hash := newToken()
	key := fraud.Key{ID: id, Name: name, Role: role, Hash: hash, CreatedAt: time.Now()}
	if lifetime > 0 {
		key.ExpiresAt = key.CreatedAt.Add(lifetime)
	}
	if err := store.CreateKey(ctx, key, by); err != nil {
		return "", fmt.Errorf("store the key: %w", err)
	}
	return token, nil
}
