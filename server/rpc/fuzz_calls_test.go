package rpc

import (
	"flag"
	"math"
	"net/http"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Any bytes, sent to every procedure as either kind of message: an answer, or a
// reason that says what is wrong with them. Never INTERNAL.

const procedures = "/" + fraudactivityv1connect.FraudActivityServiceName + "/"

// farTimes are at the edges of what a Timestamp can say, and beyond: in binary
// form it holds any seconds and nanoseconds.
var farTimes = []*timestamppb.Timestamp{nil, {}, {Seconds: 1_700_000_000}, {Seconds: -1}, {Seconds: 253_402_300_799, Nanos: 999_999_999}, {Seconds: 253_402_300_800},
	{Seconds: math.MaxInt64}, {Seconds: math.MinInt64}, {Seconds: 1, Nanos: math.MinInt32}, {Seconds: -62_135_596_801}}

func filters() []*fraudactivityv1.Filter {
	low, high, nan, yes := 10.0, 100.0, math.NaN(), true
	all := []*fraudactivityv1.Filter{nil, {}, {AccountId: "card-1", MinFraudProbability: &low, MaxFraudProbability: &high, PredictedLabel: &yes, Labelled: &yes},
		{MinFraudProbability: &high, MaxFraudProbability: &low}, {MinFraudProbability: &nan}, {TransactionId: "t-1' OR 1=1 --"}, {TransactionId: "t-1", Outcome: 1}, {Outcome: -1}}
	for _, at := range farTimes {
		all = append(all, &fraudactivityv1.Filter{From: at}, &fraudactivityv1.Filter{To: at})
	}
	return all
}

var readers = []string{"ListFraudActivity", "ListLabelledTransactions", "SummarizeFraudActivity", "ListOutcomes", "GetModel", "GetCaller"}

func FuzzReadingCalls(f *testing.F) {
	w := newFuzzed(f)
	for _, filter := range filters() {
		addBoth(f, 0, &fraudactivityv1.ListFraudActivityRequest{Filter: filter, PageSize: 3})
		addBoth(f, 0, &fraudactivityv1.ListFraudActivityRequest{Filter: filter, Order: fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY})
	}
	for _, size := range []int32{0, 7, 1000, 1001, -1, math.MinInt32} {
		addBoth(f, 0, &fraudactivityv1.ListFraudActivityRequest{PageSize: size})
		addBoth(f, 1, &fraudactivityv1.ListLabelledTransactionsRequest{PageSize: size, PageToken: "AAAA"})
	}
	for i, from := range farTimes {
		addBoth(f, 2, &fraudactivityv1.SummarizeFraudActivityRequest{From: from, To: farTimes[(i+1)%len(farTimes)], Buckets: 1000})
		addBoth(f, 2, &fraudactivityv1.SummarizeFraudActivityRequest{From: &timestamppb.Timestamp{}, To: from, Buckets: 1})
	}
	for _, id := range []string{"t-0", "t-1", "nobody", "", "\x00"} {
		addBoth(f, 3, &fraudactivityv1.ListOutcomesRequest{TransactionId: id})
	}
	f.Fuzz(func(t *testing.T, which uint8, asJSON bool, body []byte) {
		w.call(t, readers[int(which)%len(readers)], asJSON, body)
	})
}

var writers = []string{"RecordTransactions", "AssessTransaction", "ReportOutcome", "BatchGetFraudActivity", "GetFraudActivity"}

func FuzzWritingCalls(f *testing.F) {
	w := newFuzzed(f)
	for _, at := range farTimes {
		for _, amount := range []float64{1, 5e-324, math.MaxFloat64, 0, -1, math.NaN(), math.Inf(1)} {
			tx := &fraudactivityv1.Transaction{TransactionId: "new", AccountId: "card-1", Amount: amount, Currency: "EUR", Time: at, AccountOpenedAt: at}
			addBoth(f, 0, &fraudactivityv1.RecordTransactionsRequest{Transactions: []*fraudactivityv1.Transaction{tx, tx, {TransactionId: "t-1"}, nil}})
			addBoth(f, 1, &fraudactivityv1.AssessTransactionRequest{Transaction: tx, View: 3})
		}
		addBoth(f, 2, &fraudactivityv1.ReportOutcomeRequest{TransactionId: "t-1", Outcome: 1, Source: 2, OccurredAt: at, Note: "é\x00"})
	}
	for _, id := range []string{"t-0", "nobody", "", "a b", "\x00"} {
		addBoth(f, 3, &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: []string{id, "t-1", id}, View: 2})
		addBoth(f, 4, &fraudactivityv1.GetFraudActivityRequest{TransactionId: id, View: 3})
	}
	f.Fuzz(func(t *testing.T, which uint8, asJSON bool, body []byte) {
		res := w.call(t, writers[int(which)%len(writers)], asJSON, body)
		wantItemReasons(t, writers[int(which)%len(writers)], asJSON, res)
	})
}

var added int

// addBoth adds a message in both of its forms, and cut off. One that has no form,
// as its text is not UTF-8 or its time is none, is left out.
//
// To run the store with its coverage counted takes 30 ms a call, so that a session
// of fuzzing begins with every eighth message; all others run as tests each time.
func addBoth(f *testing.F, which uint8, m proto.Message) {
	f.Helper()
	if added++; flag.Lookup("test.fuzz").Value.String() != "" && added%8 != 0 {
		return
	}
	if data, err := proto.Marshal(m); err == nil {
		f.Add(which, false, data)
		f.Add(which, false, data[:len(data)*2/3])
	}
	if data, err := protojson.Marshal(m); err == nil {
		f.Add(which, true, data)
		f.Add(which, true, data[:len(data)*2/3])
	}
}

// call wants an answer or a refusal that was designed, and returns the answer.
func (w *fuzzed) call(t *testing.T, name string, asJSON bool, body []byte) []byte {
	t.Helper()
	kind := "application/proto"
	if asJSON {
		kind = "application/json"
	}
	res := w.post(t.Context(), procedures+name, kind, body)
	if res.Code == http.StatusOK {
		return res.Body.Bytes()
	}
	w.wantDesigned(t, name, res.Body.Bytes(), fraud.ReasonInvalidArgument, fraud.ReasonTransactionUnknown, fraud.ReasonFactsDiffer)
	return nil
}

// wantItemReasons holds the errors of single items to the same.
func wantItemReasons(t *testing.T, name string, asJSON bool, answer []byte) {
	t.Helper()
	read := proto.Unmarshal
	if asJSON {
		read = protojson.Unmarshal
	}
	var failures []*fraudactivityv1.ItemError
	var batch fraudactivityv1.BatchGetFraudActivityResponse
	var recorded fraudactivityv1.RecordTransactionsResponse
	switch {
	case name == "BatchGetFraudActivity" && read(answer, &batch) == nil:
		for _, r := range batch.Results {
			failures = append(failures, r.GetError())
		}
	case name == "RecordTransactions" && read(answer, &recorded) == nil:
		for _, r := range recorded.Results {
			failures = append(failures, r.GetError())
		}
	}
	for _, e := range failures {
		switch e.GetReason() {
		case "", fraud.ReasonInvalidArgument, fraud.ReasonTransactionUnknown, fraud.ReasonFactsDiffer:
		default:
			t.Fatalf("%s: %v", name, e)
		}
	}
}
