package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
)

const (
	insertKeySQL = `INSERT INTO keys (key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

	listKeysSQL = `SELECT key_id, name, role, hash, created_at, expires_at, revoked_at, last_used_at
		FROM keys ORDER BY created_at, key_seq`

	// Who creates the first key waits here for others that do.
	lockKeysSQL = `LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE`

	anyKeySQL = `SELECT FROM keys LIMIT 1`

	findKeysSQL = `SELECT key_id, revoked_at, last_used_at FROM keys WHERE key_id = ANY ($1::text[]) ORDER BY key_id FOR UPDATE`

	revokeKeySQL = `UPDATE keys SET revoked_at = $2 WHERE key_id = $1`

	touchKeySQL = `UPDATE keys SET last_used_at = $2 WHERE key_id = $1`
)

// CreateKey implements fraud.Keys.
func (s *Store) CreateKey(ctx context.Context, key fraud.Key, by string) error {
	return s.updateOnce(ctx, "create a key", func(c *conn) error {
		var all statements
		addKey(&all, key, by)
		return all.run(c)
	})
}

// addKey adds what creates a key.
func addKey(all *statements, key fraud.Key, by string) {
	all.add(insertKeySQL, nil, key.ID, key.Name, key.Role, key.Hash[:], key.CreatedAt.UnixMicro(),
		timeOrNull(key.ExpiresAt), timeOrNull(key.RevokedAt), timeOrNull(key.LastUsedAt))
	addAct(all, fraud.Act{At: key.CreatedAt, Actor: by, Kind: fraud.ActKeyCreated, Object: key.ID, Detail: reckon.DescribeKey(key)})
}

// CreateFirstKey implements fraud.Keys.
func (s *Store) CreateFirstKey(ctx context.Context, key fraud.Key, by string) (created bool, err error) {
	err = s.updateOnce(ctx, "create the first key", func(c *conn) error {
		created = false
		var first, last statements
		first.add(beginSQL, nil)
		first.add(lockKeysSQL, nil)
		none := true
		first.add(anyKeySQL, func(*row) { none = false })
		if err := first.run(c); err != nil {
			return err
		}
		if !none {
			return each(c, rollbackSQL, nil)
		}
		addKey(&last, key, by)
		last.add(commitSQL, nil)
		created = true
		return last.run(c)
	})
	return created && err == nil, err
}

// ListKeys implements fraud.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]fraud.Key, error) {
	var keys []fraud.Key
	err := s.view(ctx, "list keys", func(c *conn) error {
		keys = nil
		return each(c, listKeysSQL, func(r *row) {
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
	err = s.changeKeys(ctx, "revoke a key", []string{id}, func(all *statements, key fraud.Key) {
		found = true
		if key.RevokedAt.IsZero() {
			all.add(revokeKeySQL, nil, id, at.UnixMicro())
			addAct(all, fraud.Act{At: at, Actor: by, Kind: fraud.ActKeyRevoked, Object: id})
		}
	})
	return found && err == nil, err
}

// TouchKeys implements fraud.Keys.
func (s *Store) TouchKeys(ctx context.Context, lastUsed map[string]time.Time) error {
	if len(lastUsed) == 0 {
		return nil
	}
	return s.changeKeys(ctx, "note the use of keys", slices.Collect(maps.Keys(lastUsed)), func(all *statements, key fraud.Key) {
		at := lastUsed[key.ID]
		if !at.After(key.LastUsedAt) {
			return
		}
		all.add(touchKeySQL, nil, key.ID, at.UnixMicro())
		if !reckon.SameDay(key.LastUsedAt, at) {
			addAct(all, fraud.Act{At: at, Actor: "key:" + key.ID, Kind: fraud.ActKeyUsed, Object: key.ID})
		}
	})
}

// changeKeys locks keys, and has change add what is to be done to each of those
// that there are.
func (s *Store) changeKeys(ctx context.Context, what string, ids []string, change func(all *statements, key fraud.Key)) error {
	return s.update(ctx, what, func(c *conn) error {
		var first, last statements
		first.add(beginSQL, nil)
		first.add(findKeysSQL, func(r *row) {
			change(&last, fraud.Key{ID: r.text(), RevokedAt: r.timeOrZero(), LastUsedAt: r.timeOrZero()})
		}, ids)
		if err := first.run(c); err != nil {
			return err
		}
		last.add(commitSQL, nil)
		return last.run(c)
	})
}
