package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testSize(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("grows with what is recorded, and what is left is told or not known", func(t *testing.T) {
		s := open(t)
		before := size(t, s)
		for call := range 20 {
			many := make([]fraud.Transaction, 500)
			for i := range many {
				many[i] = payment(fmt.Sprintf("%s-%d-%d", strings.Repeat("x", 50), call, i))
			}
			record(t, s, many...)
		}
		after := size(t, s)
		if before.Bytes <= 0 || after.Bytes < before.Bytes+20*500*50 {
			t.Errorf("%d bytes, and %d with 10,000 transactions more", before.Bytes, after.Bytes)
		}
		if after.Free != nil && *after.Free <= 0 {
			t.Errorf("%d bytes are left, and it was written to", *after.Free)
		}
		equal(t, "failures", s.Failures(), 0)
	})
	t.Run("what is no failure of the store's own is not counted as one", func(t *testing.T) {
		s := open(t)
		record(t, s, payment("a"))
		other := payment("a")
		other.Amount++
		record(t, s, other)
		if _, err := s.OutcomeHistory(t.Context(), "nobody", 1); fraud.ReasonOf(err) != fraud.ReasonTransactionUnknown {
			t.Error(err)
		}
		equal(t, "failures", s.Failures(), 0)
	})
}

func size(t *testing.T, s fraud.Store) fraud.StoreSize {
	t.Helper()
	size, err := s.Size(t.Context())
	if err != nil {
		t.Fatalf("Size: %v", err)
	}
	return size
}
