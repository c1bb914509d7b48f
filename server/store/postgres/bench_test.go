package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
)

// openDurable is a store on a server that keeps what it acknowledges.
func openDurable(b *testing.B) (*Store, *pgtest.Server) {
	b.Helper()
	server := pgtest.Start(b)
	server.Query("postgres", "CREATE DATABASE bench")
	if _, _, err := Migrate(b.Context(), server.URL("bench")); err != nil {
		b.Fatal(err)
	}
	s, err := Open(b.Context(), server.URL("bench"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s, server
}

// BenchmarkBatch is what a batch of each size costs: recording transactions, looking
// them up, recording what the model said.
func BenchmarkBatch(b *testing.B) {
	s, _ := openDurable(b)
	for _, rows := range []int{1, 16, 128, 1000} {
		n := 0
		next := func() (transactions []fraud.Transaction, ids []string) {
			for range rows {
				n++
				id := fmt.Sprint(rows, ".", n)
				ids = append(ids, id)
				transactions = append(transactions, fraud.Transaction{ID: id, AccountID: fmt.Sprint("account-", n%5000), Amount: 5, Time: marchFirst.Add(time.Duration(n) * time.Second)})
			}
			return transactions, ids
		}
		b.Run(fmt.Sprint("rows=", rows), func(b *testing.B) {
			var record, lookUp, assess time.Duration
			for b.Loop() {
				transactions, ids := next()
				began := time.Now()
				if _, err := s.Record(b.Context(), transactions); err != nil {
					b.Fatal(err)
				}
				record += time.Since(began)
				began = time.Now()
				found, err := s.LookUp(b.Context(), ids, "v1")
				if err != nil {
					b.Fatal(err)
				}
				lookUp += time.Since(began)
				assessments := make([]fraud.Assessment, rows)
				for i, r := range found {
					assessments[i] = fraud.Assessment{Transaction: r.Transaction, ModelVersion: "v1", Probability: 0.01, AssessedAt: time.Now(), AssessedBy: "k"}
				}
				began = time.Now()
				if _, err := s.RecordAssessments(b.Context(), assessments); err != nil {
					b.Fatal(err)
				}
				assess += time.Since(began)
			}
			each := float64(b.N * rows)
			b.ReportMetric(float64(record.Microseconds())/each, "µs-record/row")
			b.ReportMetric(float64(lookUp.Microseconds())/each, "µs-lookup/row")
			b.ReportMetric(float64(assess.Microseconds())/each, "µs-assess/row")
		})
	}
}
