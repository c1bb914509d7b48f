package rpc

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestPercentIsExactToAPersonAndKeepsTheOrder(t *testing.T) {
	for p, want := range map[float64]float64{0: 0, 1: 100, 0.07: 7, 0.9999: 99.99, 0.57: 57, 0.29: 29, 1e-13: 0} {
		if got := percent(p); got != want {
			t.Errorf("percent(%v) = %v, want %v", p, got, want)
		}
	}
	for range 10_000 {
		p := rand.Float64()
		if q := math.Nextafter(p, 1); percent(p) > percent(q) || math.Abs(percent(p)-100*p) > 1e-9 {
			t.Fatalf("percent(%v) = %v, percent(%v) = %v", p, percent(p), q, percent(q))
		}
	}
}

func TestEveryFactIsShown(t *testing.T) {
	when := time.Unix(1_700_000_000, 5000).UTC()
	got := fromFacts(fraud.Facts{AccountID: "card-1", Amount: 1.5, Currency: "EUR", Time: when, AgeOfAccount: 2, NumberOfTransactions: 3,
		SecondsSincePrevious: 4, AmountLastHour: 5.5, AmountLastDay: 6.5, AmountLastWeek: 7.5, TransactionsLastWeek: 8})
	want := &fraudactivityv1.Facts{AccountId: "card-1", Amount: 1.5, Currency: "EUR", Time: timestamppb.New(when), AgeOfAccount: 2, NumberOfTransactions: 3,
		SecondsSincePrevious: 4, AmountLastHour: 5.5, AmountLastDay: 6.5, AmountLastWeek: 7.5, TransactionsLastWeek: 8}
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if in, out := reflect.TypeFor[fraud.Facts]().NumField(), want.ProtoReflect().Descriptor().Fields().Len(); in != out {
		t.Errorf("%d facts are known and %d can be shown", in, out)
	}
}

func FuzzPageToken(f *testing.F) {
	req := &fraudactivityv1.ListFraudActivityRequest{Filter: &fraudactivityv1.Filter{AccountId: "card-1"}}
	f.Add(pageToken(&fraud.Cursor{Seq: 7, Probability: 0.25, AssessedAt: time.UnixMicro(5)}, req))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, token string) {
		cursor, err := parsePageToken(token, req)
		if err != nil {
			if fraud.ReasonOf(err) != fraud.ReasonInvalidArgument {
				t.Fatalf("%q: %v", token, err)
			}
			return
		}
		if got := pageToken(cursor, req); got != token {
			t.Fatalf("%q came back as %q", token, got)
		}
	})
}

func FuzzJSONBody(f *testing.F) {
	for _, seed := range []string{`{}`, ``, `{"transaction_id":"Y12a34x56"}`, `{"transactionId":"a","view":"VIEW_FULL"}`,
		`{"transaction_id":1}`, `[]`, `{"transaction_id":"\ud800"}`, "{\"transaction_id\":\"\xff\"}", `{"view":99}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req := &fraudactivityv1.GetFraudActivityRequest{}
		if err := (jsonCodec{name: "json"}).Unmarshal(body, req); err != nil {
			t.Fatalf("%q: %v; errors are noted in the message", body, err)
		}
		if err := check(req); err != nil {
			if fraud.ReasonOf(err) != fraud.ReasonInvalidArgument {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		again := &fraudactivityv1.GetFraudActivityRequest{}
		text, err := jsonCodec{}.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		if (jsonCodec{}).Unmarshal(text, again); !proto.Equal(req, again) {
			t.Fatalf("%q: %v came back as %v", body, req, again)
		}
	})
}

func FuzzBinaryBody(f *testing.F) {
	valid, _ := proto.Marshal(&fraudactivityv1.RecordTransactionsRequest{Transactions: []*fraudactivityv1.Transaction{{TransactionId: "a", Amount: 1}}})
	f.Add(valid)
	f.Add([]byte("\x0a\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		req := &fraudactivityv1.RecordTransactionsRequest{}
		if err := (protoCodec{}).Unmarshal(body, req); err != nil {
			t.Fatalf("%q: %v; errors are noted in the message", body, err)
		}
		if check(req) != nil {
			return
		}
		for _, transaction := range req.Transactions {
			if check(transaction) == nil {
				if got := toTransaction(transaction, "k"); got.ID == "" || !(got.Amount > 0) || got.Time.Unix() < 0 {
					t.Fatalf("%v passed the rules as %v", transaction, got)
				}
			}
		}
	})
}
