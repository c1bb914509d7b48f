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
	key, token, err := newKey(name, role, lifetime)
	if err != nil {
		return "", err
	}
	if err := store.CreateKey(ctx, key, by); err != nil {
		return "", fmt.Errorf("store the key: %w", err)
	}
	return token, nil
}

// CreateFirstKey does the same, for ever, if the store has no key at all: else the
// token is empty. Of several who ask at once one gets a token.
func CreateFirstKey(ctx context.Context, store fraud.Keys, name, role, by string) (token string, err error) {
	key, token, err := newKey(name, role, 0)
	if err != nil {
		return "", err
	}
	switch created, err := store.CreateFirstKey(ctx, key, by); {
	case err != nil:
		return "", fmt.Errorf("store the first key: %w", err)
	case !created:
		return "", nil
	}
	return token, nil
}

func newKey(name, role string, lifetime time.Duration) (key fraud.Key, token string, err error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > 128 {
		return key, "", fmt.Errorf("name: must have 1 to 128 characters")
	}
	if err := CheckRole(role); err != nil {
		return key, "", err
	}
	if lifetime < 0 {
		return key, "", fmt.Errorf("expires: must not lie in the past")
	}
	token, id, hash := newToken()
	key = fraud.Key{ID: id, Name: name, Role: role, Hash: hash, CreatedAt: time.Now()}
	if lifetime > 0 {
		key.ExpiresAt = key.CreatedAt.Add(lifetime)
	}
	return key, token, nil
}
