package sqlite

import (
	"context"
	"maps"
	"slices"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	insertKeySQL = `INSERT INTO keys (key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

	listKeysSQL = `SELECT key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at
		FROM keys ORDER BY created_at, key_seq`

	anyKeySQL = `SELECT 1 FROM keys LIMIT 1`

	findKeySQL = `SELECT revoked_at, last_used_at FROM keys WHERE key_id = ?`

	revokeKeySQL = `UPDATE keys SET revoked_at = ? WHERE key_id = ?`

	touchKeySQL = `UPDATE keys SET last_used_at = ? WHERE key_id = ?`
)

// CreateKey implements fraud.Keys.
func (s *Store) CreateKey(ctx context.Context, key fraud.Key, by string) error {
	return s.update(ctx, "create a key", func(c *engine.Conn) error { return createKey(c, key, by) })
}

// CreateFirstKey implements fraud.Keys: one process writes at a time.
func (s *Store) CreateFirstKey(ctx context.Context, key fraud.Key, by string) (created bool, err error) {
	err = s.update(ctx, "create the first key", func(c *engine.Conn) error {
		created = true
		if err := each(c, anyKeySQL, nil, func(*row) { created = false }); err != nil || !created {
			return err
		}
		return createKey(c, key, by)
	})
	return created && err == nil, err
}

func createKey(c *engine.Conn, key fraud.Key, by string) error {
	err := each(c, insertKeySQL, func(p *params) {
		p.text(key.ID)
		p.text(key.Name)
		p.text(key.Role)
		p.bytes(key.Hash[:])
		p.time(key.CreatedAt)
		p.timeOrNull(key.ExpiresAt)
		p.timeOrNull(key.RevokedAt)
		p.timeOrNull(key.LastUsedAt)
	}, nil)
	if err != nil {
		return err
	}
	return recordAct(c, fraud.Act{At: key.CreatedAt, Actor: by, Kind: fraud.ActKeyCreated, Object: key.ID, Detail: reckon.DescribeKey(key)})
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
func (s *Store) RevokeKey(ctx context.Context, id string, at time.Time, by string) (found bool, err error) {
	err = s.update(ctx, "revoke a key", func(c *engine.Conn) error {
		var key fraud.Key
		if key, found, err = findKey(c, id); err != nil || !found || !key.RevokedAt.IsZero() {
			return err
		}
		if err := each(c, revokeKeySQL, func(p *params) { p.time(at); p.text(id) }, nil); err != nil {
			return err
		}
		return recordAct(c, fraud.Act{At: at, Actor: by, Kind: fraud.ActKeyRevoked, Object: id})
	})
	return found && err == nil, err
}

// findKey reads what changes of a key.
func findKey(c *engine.Conn, id string) (key fraud.Key, found bool, err error) {
	err = each(c, findKeySQL, func(p *params) { p.text(id) }, func(r *row) {
		key, found = fraud.Key{ID: id, RevokedAt: r.timeOrZero(), LastUsedAt: r.timeOrZero()}, true
	})
	return key, found, err
}

// TouchKeys implements fraud.Keys.
func (s *Store) TouchKeys(ctx context.Context, lastUsed map[string]time.Time) error {
	if len(lastUsed) == 0 {
		return nil
	}
	return s.update(ctx, "note the use of keys", func(c *engine.Conn) error {
		for _, id := range slices.Sorted(maps.Keys(lastUsed)) {
			if err := touchKey(c, id, lastUsed[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

func touchKey(c *engine.Conn, id string, at time.Time) error {
	key, found, err := findKey(c, id)
	if err != nil || !found || !at.After(key.LastUsedAt) {
		return err
	}
	if err := each(c, touchKeySQL, func(p *params) { p.time(at); p.text(id) }, nil); err != nil {
		return err
	}
	if reckon.SameDay(key.LastUsedAt, at) {
		return nil
	}
	return recordAct(c, fraud.Act{At: at, Actor: "key:" + id, Kind: fraud.ActKeyUsed, Object: id})
}
