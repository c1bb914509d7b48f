package sqlite

import (
	"context"
	"database/sql"
	"time"

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
	return s.update(ctx, "create a key", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, insertKeySQL, key.ID, key.Name, key.Role, key.Hash[:],
			key.CreatedAt.UnixMicro(), orNull(key.ExpiresAt), orNull(key.RevokedAt), orNull(key.LastUsedAt))
		return err
	})
}

// ListKeys implements fraud.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]fraud.Key, error) {
	var keys []fraud.Key
	var key fraud.Key
	var hash []byte
	var created int64
	var expires, revoked, used sql.NullInt64
	dest := []any{&key.ID, &key.Name, &key.Role, &hash, &created, &expires, &revoked, &used}
	err := s.call(ctx, "list keys", func() error {
		rows, err := s.read.QueryContext(ctx, listKeysSQL)
		return each(rows, err, dest, func() {
			copy(key.Hash[:], hash)
			key.CreatedAt, key.ExpiresAt = fromMicros(created), orZero(expires)
			key.RevokedAt, key.LastUsedAt = orZero(revoked), orZero(used)
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
	err = s.update(ctx, "revoke a key", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, revokeKeySQL, at.UnixMicro(), id)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		found = n > 0
		return err
	})
	return found && err == nil, err
}

// TouchKeys implements fraud.Keys.
func (s *Store) TouchKeys(ctx context.Context, lastUsed map[string]time.Time) error {
	if len(lastUsed) == 0 {
		return nil
	}
	return s.update(ctx, "note the use of keys", func(tx *sql.Tx) error {
		for id, at := range lastUsed {
			if _, err := tx.ExecContext(ctx, touchKeySQL, at.UnixMicro(), id); err != nil {
				return err
			}
		}
		return nil
	})
}

func orNull(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func orZero(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return fromMicros(micros.Int64)
}
