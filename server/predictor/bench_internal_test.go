package predictor

import (
	"fmt"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// benchRows is a full batch.
const benchRows = 1024

func BenchmarkColumns(b *testing.B) {
	rows := make([]fraud.Recorded, benchRows)
	for i := range rows {
		rows[i] = fraud.Recorded{Seq: int64(i), Facts: fraud.Facts{
			Amount: float64(i), Time: time.Unix(int64(i), 0), AgeOfAccount: int32(i), NumberOfTransactions: int32(i)}}
	}
	names := []string{"amount", "time", "age_of_account", "number_of_transactions"}
	b.ReportAllocs()
	for b.Loop() {
		columns(rows, names, AgeSeconds)
	}
}

func BenchmarkReadBatch(b *testing.B) {
	for _, failed := range []int{0, 10} {
		b.Run(fmt.Sprintf("%d failed", failed), func(b *testing.B) {
			reply := &fraud_detection.PredictFraudBatchResponse{ModelVersion: "v1", Threshold: 0.5,
				FraudProbabilities: make([]float64, benchRows), PredictedLabels: make([]bool, benchRows)}
			for i := range failed {
				reply.Errors = append(reply.Errors, &fraud_detection.RowError{Row: uint32(i), Message: "amount: too small"})
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readBatch(reply, benchRows, ScaleUnit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
