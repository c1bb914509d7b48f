package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Who acts in the tests.
const alice, bob = "user:alice", "user:bob"

func testAudit(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("acts are listed, the last recorded first", func(t *testing.T) { testActs(t, open(t)) })
	t.Run("what is done to keys stands in it, once", func(t *testing.T) { testActsOnKeys(t, open(t)) })
	t.Run("the first use of a key on a day stands in it", func(t *testing.T) { testUsesOfKeys(t, open(t)) })
}

func act(s string, hours int) fraud.Act {
	return fraud.Act{At: start.Add(time.Duration(hours) * time.Hour), Actor: alice, Kind: fraud.ActModelActivated, Object: s, Detail: "of " + s}
}

func recordActs(t *testing.T, s fraud.Store, acts ...fraud.Act) {
	t.Helper()
	for _, a := range acts {
		if err := s.RecordAct(t.Context(), a); err != nil {
			t.Fatalf("RecordAct: %v", err)
		}
	}
}

func acts(t *testing.T, s fraud.Store, q fraud.ActQuery) []fraud.Act {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := s.ListActs(t.Context(), q)
	if err != nil {
		t.Fatalf("ListActs: %v", err)
	}
	return list
}

func testActs(t *testing.T, s fraud.Store) {
	equal(t, "at first", len(acts(t, s, fraud.ActQuery{})), 0)
	want := []fraud.Act{act("a", 3), act("A", 2), act("a", 1), act("b", 0)} // the clock goes back
	want[3].Kind, want[3].Detail = fraud.ActServerStopped, ""
	recordActs(t, s, want...)
	for i := range want {
		want[i].Seq = int64(i + 1)
	}
	for _, test := range []struct {
		q    fraud.ActQuery
		want []fraud.Act
	}{
		{fraud.ActQuery{}, []fraud.Act{want[3], want[2], want[1], want[0]}},
		{fraud.ActQuery{Limit: 2}, []fraud.Act{want[3], want[2]}},
		{fraud.ActQuery{Limit: 2, Before: 3}, []fraud.Act{want[1], want[0]}},
		{fraud.ActQuery{After: 2}, []fraud.Act{want[3], want[2]}},
		{fraud.ActQuery{Object: "a"}, []fraud.Act{want[2], want[0]}},
		{fraud.ActQuery{Object: "a", Before: 3}, []fraud.Act{want[0]}},
		{fraud.ActQuery{Kind: fraud.ActServerStopped}, []fraud.Act{want[3]}},
		{fraud.ActQuery{Kind: fraud.ActServerStopped, Object: "a"}, nil},
	} {
		equal(t, fmt.Sprintf("%+v", test.q), acts(t, s, test.q), test.want)
	}
}

func testActsOnKeys(t *testing.T, s fraud.Store) {
	forever, expires := key("a", start), key("b", start.Add(time.Hour))
	expires.ExpiresAt = start.Add(24 * time.Hour)
	createKeys(t, s, forever, expires)
	if err := s.CreateKey(t.Context(), forever, bob); err == nil {
		t.Error("a key was created twice")
	}
	for _, id := range []string{"b", "b", "unknown"} {
		revoke(t, s, id, start.Add(2*time.Hour))
	}
	equal(t, "acts", acts(t, s, fraud.ActQuery{}), []fraud.Act{
		{Seq: 3, At: start.Add(2 * time.Hour), Actor: bob, Kind: fraud.ActKeyRevoked, Object: "b"},
		{Seq: 2, At: start.Add(time.Hour), Actor: alice, Kind: fraud.ActKeyCreated, Object: "b",
			Detail: `name "the key b", role analyst, expires 2026-03-02T12:00:00Z`},
		{Seq: 1, At: start, Actor: alice, Kind: fraud.ActKeyCreated, Object: "a",
			Detail: `name "the key a", role analyst, expires never`},
	})
}

func testUsesOfKeys(t *testing.T, s fraud.Store) {
	createKeys(t, s, key("a", start), key("b", start))
	// start is at noon, so that 12 hours later is another day.
	for _, hours := range []int{0, 11, 5, 12, 13, 36, 35} {
		when := start.Add(time.Duration(hours) * time.Hour)
		touch(t, s, map[string]time.Time{"a": when, "unknown": when})
	}
	touch(t, s, map[string]time.Time{"b": start.Add(time.Hour)})
	used := func(seq int64, id string, hours int) fraud.Act {
		return fraud.Act{Seq: seq, At: start.Add(time.Duration(hours) * time.Hour), Actor: "key:" + id, Kind: fraud.ActKeyUsed, Object: id}
	}
	equal(t, "acts", acts(t, s, fraud.ActQuery{Kind: fraud.ActKeyUsed}),
		[]fraud.Act{used(6, "b", 1), used(5, "a", 36), used(4, "a", 12), used(3, "a", 0)})
}
