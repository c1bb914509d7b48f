package access

import "time"

// KeyringState is what the keys in memory are worth now.
type KeyringState struct {
	Valid, Revoked, Expired int
	NextExpiry              time.Time // of the valid ones; zero: none expires
	ReadAt                  time.Time // when the store told them
}

// State tells it.
func (k *Keyring) State() KeyringState {
	seen := k.snapshot.Load()
	state := KeyringState{ReadAt: seen.at}
	for _, key := range seen.keys {
		switch expires := key.ExpiresAt; {
		case !key.RevokedAt.IsZero():
			state.Revoked++
		case expires.IsZero():
			state.Valid++
		case !time.Now().Before(expires):
			state.Expired++
		default:
			state.Valid++
			if state.NextExpiry.IsZero() || expires.Before(state.NextExpiry) {
				state.NextExpiry = expires
			}
		}
	}
	return state
}
