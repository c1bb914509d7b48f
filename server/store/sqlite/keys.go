package sqlite

import (
	"context"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	insertKeySQL = `INSERT INTO keys (key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

	listKeysSQL = `SELECT key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at
		FROM keys ORDER BY created_at, key_seq`

	revokeKeySQL = `UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE key_id = ?`

	touchKeySQL = `UPDATE keys SET last_used_at = max(coalesce(last_used_at, ?1), ?1) WHERE key_id = ?2`
)

// CreateKey implements fraud.Keys.
func (s *Store) CreateKey(ctx context.Context, key fraud.Key) error {
	return s.update(ctx, "create a key", func(c *engine.Conn) error {
		return each(c, insertKeySQL, func(p *params) {
			p.text(key.ID)
			p.text(key.Name)
			p.text(key.Role)
			p.bytes(key.Hash[:])
			p.time(key.CreatedAt)
			p.timeOrNull(key.ExpiresAt)
			p.timeOrNull(key.RevokedAt)
			p.timeOrNull(key.LastUsedAt)
		}, nil)
	})
}

// ListKeys implements fraud.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]fraud.Key, error) {
	var keys []fraud.Key
	err := s.view(ctx, "list keys", func(c *engine.Conn) error {
		return each(c, listKeysSQL, nil, func(r *row) {
			key := fraud.Key{ID: r.text(), Name: r.text(), Role: r.text()}
			r.bytes(key.Hash[:])
			key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt = r.time(), r.timeOrZero(), r.timeOrZero(), r.timeOrZero()
			keys = append(keys, key)
		})
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// RevokeKey implements fraud.Keys.
func (s *Store) RevokeKey(ctx context.Context, id string, at time.Time) (found bool, err error) {
	err = s.update(ctx, "revoke a key", func(c *engine.Conn) error {
		err := each(c, revokeKeySQL, func(p *params) { p.time(at); p.text(id) }, nil)
		found = c.Changes() > 0
		return err
	})
	return found && err == nil, err
}

// TouchKeys implements fraud.Keys.
func (s *Store) TouchKeys(ctx context.Context, lastUsed map[string]time.Time) error {
	if len(lastUsed) == 0 {
		return nil
	}
	return s.update(ctx, "note the use of keys", func(c *engine.Conn) error {
		for id, at := range lastUsed {
			if err := each(c, touchKeySQL, func(p *params) { p.time(at); p.text(id) }, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
