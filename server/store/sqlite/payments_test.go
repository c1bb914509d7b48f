package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// payments are n transactions of many accounts, in order of time, from number
// first on.
func payments(first, n int) []fraud.Transaction {
	list := make([]fraud.Transaction, n)
	for i := range list {
		k := first + i
		list[i] = fraud.Transaction{
			ID:         fmt.Sprintf("transaction-%d", k),
			AccountID:  fmt.Sprintf("account-%d", (k*7919)%10_000),
			Amount:     float64(k%100_000)/7 + 0.01,
			Currency:   "EUR",
			Time:       start.Add(time.Duration(k) * time.Second),
			RecordedBy: "bench",
		}
	}
	return list
}

func record(t testing.TB, s *sqlite.Store, transactions []fraud.Transaction) {
	t.Helper()
	if _, err := s.Record(t.Context(), transactions); err != nil {
		t.Fatal(err)
	}
}
