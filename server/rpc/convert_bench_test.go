package rpc

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func BenchmarkConvert(b *testing.B) {
	now := time.Unix(1_700_000_000, 0).UTC()
	in := &fraudactivityv1.Transaction{TransactionId: "Y12a34x56", AccountId: "a", Amount: 12.5, Currency: "EUR", Time: timestamppb.New(now)}
	out := fraud.Assessment{Transaction: fraud.Recorded{ID: "Y12a34x56", Facts: fraud.Facts{Time: now}}, Probability: 0.25, AssessedAt: now}
	b.Run("transaction", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			toTransaction(in, "key")
		}
	})
	for name, view := range map[string]fraudactivityv1.View{"basic": fraudactivityv1.View_VIEW_BASIC, "full": fraudactivityv1.View_VIEW_FULL} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fromActivity(out, view)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, msg := range map[string]any{
		"get":    &fraudactivityv1.GetFraudActivityRequest{TransactionId: "Y12a34x56"},
		"assess": &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{TransactionId: "Y12a34x56", AccountId: "a", Amount: 12.5, Currency: "EUR", Time: timestamppb.Now()}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := check(msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCodec(b *testing.B) {
	request, answer := []byte(`{"transaction_id":"Y12a34x56"}`), &fraudactivityv1.FraudActivity{TransactionId: "Y12a34x56", FraudProbability: 96.7087425341}
	codec := jsonCodec{name: "json"}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := codec.Unmarshal(request, &fraudactivityv1.GetFraudActivityRequest{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		var to []byte
		for b.Loop() {
			var err error
			if to, err = codec.MarshalAppend(to[:0], answer); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write-library", func(b *testing.B) {
		b.ReportAllocs()
		var to []byte
		for b.Loop() {
			var err error
			if to, err = toJSON.MarshalAppend(to[:0], answer); err != nil {
				b.Fatal(err)
			}
		}
	})
}
