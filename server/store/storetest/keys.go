package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testKeys(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("every key is listed, the oldest first", func(t *testing.T) { testKeyList(t, open(t)) })
	t.Run("of rivals for the first key one creates it", func(t *testing.T) { testFirstKey(t, open(t)) })
	t.Run("the first revocation stands", func(t *testing.T) { testRevoke(t, open(t)) })
	t.Run("the last use moves forward, never back", func(t *testing.T) { testTouch(t, open(t)) })
	t.Run("a key that is not there is neither revoked nor touched", func(t *testing.T) {
		s := open(t)
		createKeys(t, s, key("a", start))
		for _, id := range []string{"A", "a.", "", "b"} {
			equal(t, id, revoke(t, s, id, start), false)
			touch(t, s, map[string]time.Time{id: start})
		}
		equal(t, "keys", keys(t, s), []fraud.Key{key("a", start)})
	})
}

func key(id string, created time.Time) fraud.Key {
	return fraud.Key{ID: id, Name: "the key " + id, Role: "analyst", Hash: sha256.Sum256([]byte(id)), CreatedAt: created}
}

func createKeys(t *testing.T, s fraud.Store, keys ...fraud.Key) {
	t.Helper()
	for _, k := range keys {
		if err := s.CreateKey(t.Context(), k, alice); err != nil {
			t.Fatalf("CreateKey: %v", err)
		}
	}
}

func keys(t *testing.T, s fraud.Store) []fraud.Key {
	t.Helper()
	list, err := s.ListKeys(t.Context())
	if err != nil {
		t.Fatalf("ListKeys: %v", err)
	}
	return list
}

func revoke(t *testing.T, s fraud.Store, id string, when time.Time) bool {
	t.Helper()
	found, err := s.RevokeKey(t.Context(), id, when, bob)
	if err != nil {
		t.Fatalf("RevokeKey: %v", err)
	}
	return found
}

func touch(t *testing.T, s fraud.Store, lastUsed map[string]time.Time) {
	t.Helper()
	if err := s.TouchKeys(t.Context(), lastUsed); err != nil {
		t.Fatalf("TouchKeys: %v", err)
	}
}

func testKeyList(t *testing.T, s fraud.Store) {
	equal(t, "at first", len(keys(t, s)), 0)
	young, old, same := key("young", start.Add(time.Hour)), key("old", start), key("a", start.Add(time.Hour))
	expires := key("expires", start.Add(2*time.Hour).In(time.FixedZone("east", 3600)))
	expires.ExpiresAt = start.Add(1234567)
	old.Name, old.Hash = "", [32]byte{}
	createKeys(t, s, young, old, same, expires)
	revoke(t, s, "old", start.Add(time.Minute))

	old.RevokedAt = start.Add(time.Minute)
	expires.CreatedAt, expires.ExpiresAt = start.Add(2*time.Hour), start.Add(1234*time.Microsecond)
	equal(t, "keys", keys(t, s), []fraud.Key{old, young, same, expires})
}

func testFirstKey(t *testing.T, s fraud.Store) {
	created, err := together(func(caller int) (bool, error) {
		return s.CreateFirstKey(t.Context(), key(string(rune('a'+caller)), start), alice)
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []fraud.Key
	for caller, first := range created {
		if first {
			want = append(want, key(string(rune('a'+caller)), start))
		}
	}
	equal(t, "created", len(want), 1)
	equal(t, "keys", keys(t, s), want)
	told := acts(t, s, fraud.ActQuery{})
	equal(t, "acts", len(told), 1)
	equal(t, "the act", []string{told[0].Actor, string(told[0].Kind), told[0].Object}, []string{alice, string(fraud.ActKeyCreated), want[0].ID})
	revoke(t, s, want[0].ID, start)
	if again, err := s.CreateFirstKey(t.Context(), key("again", start), alice); again || err != nil {
		t.Errorf("beside a revoked one: %t, %v", again, err)
	}
}

func testRevoke(t *testing.T, s fraud.Store) {
	want := []fraud.Key{key("a", start), key("b", start)}
	createKeys(t, s, want...)
	for _, hours := range []int{2, 3, 1} {
		equal(t, "found", revoke(t, s, "a", start.Add(time.Duration(hours)*time.Hour)), true)
	}
	want[0].RevokedAt = start.Add(2 * time.Hour)
	equal(t, "keys", keys(t, s), want)
}

func testTouch(t *testing.T, s fraud.Store) {
	want := []fraud.Key{key("a", start), key("b", start), key("c", start)}
	createKeys(t, s, want...)
	for _, test := range []struct{ a, b, wantA, wantB int }{
		{5, 9, 5, 9},
		{7, 8, 7, 9},
		{6, 10, 7, 10},
	} {
		minutes := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
		touch(t, s, map[string]time.Time{"a": minutes(test.a), "b": minutes(test.b), "unknown": minutes(1)})
		want[0].LastUsedAt, want[1].LastUsedAt = minutes(test.wantA), minutes(test.wantB)
		equal(t, "keys", keys(t, s), want)
	}
}
