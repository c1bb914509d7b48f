package rpc

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// The two messages read and written by hand must be what the library makes of
// the same bytes and values.

func FuzzReadGetAgreesWithTheLibrary(f *testing.F) {
	for _, text := range []string{
		`{"transaction_id":"Y12a34x56"}`, " {\t\"transactionId\" :\r\n\"a.b:c-d_e\" } ", `{"transaction_id":""}`,
		`{"transaction_id":"a","view":"VIEW_FULL"}`, `{"transaction_id":"a"}x`, `{"transaction_id":"a",}`, `{"transaction_id":"a"`,
		`{"transaction_id":"\u0041"}`, "{\"transaction_id\":\"a\x00\"}", `{"transaction_id":"ü"}`, "{\"transaction_id\":\"\xff\"}",
		`{"transaction_id":7}`, "{\"transaction_id\":\"a\n\"}", `{"transaction_id":null}`, `{"x":"a"}`, `{}`, `[]`, ``, `{"transaction_id":"a"}{}`, "{\"transaction_id\":\"a\x7f\"}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		id, ok := readGet(text)
		if !ok {
			return // the library has the word
		}
		var want fraudactivityv1.GetFraudActivityRequest
		if err := protojson.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q: read %q, the library refuses it: %v", text, id, err)
		}
		if got := (&fraudactivityv1.GetFraudActivityRequest{TransactionId: id}); !proto.Equal(got, &want) {
			t.Fatalf("%q: read %v, the library %v", text, got, &want)
		}
	})
}

func TestTheSeedsRequestIsReadByHand(t *testing.T) {
	for text, want := range map[string]string{
		`{"transaction_id":"Y12a34x56"}`: "Y12a34x56", `{"transaction_id": "a"}`: "a", `{"transactionId":"a"}`: "a",
	} {
		if id, ok := readGet([]byte(text)); !ok || id != want {
			t.Errorf("%s: %q, %v", text, id, ok)
		}
	}
}

func FuzzAppendBasicAgreesWithTheLibrary(f *testing.F) {
	for _, p := range []float64{0, math.Copysign(0, -1), 1e-10, 1e-6, 9.99e-7, 0.1, 7, 99.99, 96.7087425341, 100, 101, math.NaN(), math.Inf(1), -1} {
		f.Add("Y12a34x56", true, p)
		f.Add("a\"b\\c\x00ü\xff<>&", false, p)
	}
	f.Fuzz(func(t *testing.T, id string, label bool, p float64) {
		m := &fraudactivityv1.FraudActivity{TransactionId: id, PredictedLabel: label, FraudProbability: p}
		checkWritten(t, m)
		other := &fraudactivityv1.FraudActivity{TransactionId: "other", FraudProbability: 7}
		checkWritten(t, &fraudactivityv1.BatchGetFraudActivityResponse{Results: []*batchResult{answered(m), answered(other)}})
	})
}

func answered(m *fraudactivityv1.FraudActivity) *batchResult {
	return &batchResult{TransactionId: m.TransactionId, Result: &fraudactivityv1.BatchGetFraudActivityResponse_Result_FraudActivity{FraudActivity: m}}
}

func failed(id string) *batchResult {
	return &batchResult{TransactionId: id, Result: &fraudactivityv1.BatchGetFraudActivityResponse_Result_Error{Error: &fraudactivityv1.ItemError{Reason: "X"}}}
}

// checkWritten holds what is written by hand, if it is, to the library.
func checkWritten(t *testing.T, m proto.Message) (byHand bool) {
	t.Helper()
	got, ok := appendOrdinary([]byte("before"), m)
	if !ok {
		if string(got) != "before" {
			t.Fatalf("wrote %q and gave up", got)
		}
		return false
	}
	want, err := toJSON.Marshal(m)
	if err != nil {
		t.Fatalf("wrote %q, the library refuses: %v", got, err)
	}
	var compact bytes.Buffer // the library varies the space between fields on purpose
	if err := json.Compact(&compact, want); err != nil {
		t.Fatal(err)
	}
	if "before"+compact.String() != string(got) {
		t.Fatalf("wrote %q, the library %q", got, compact.Bytes())
	}
	return true
}

func TestABatchIsWrittenByHandUnlessSomethingInItFailed(t *testing.T) {
	a, b := &fraudactivityv1.FraudActivity{TransactionId: "a", FraudProbability: 1}, &fraudactivityv1.FraudActivity{TransactionId: "b"}
	for name, c := range map[string]struct {
		results []*batchResult
		byHand  bool
	}{
		"answers":           {[]*batchResult{answered(a), answered(b), answered(a)}, true},
		"one":               {[]*batchResult{answered(a)}, true},
		"none":              {nil, false},
		"one failed":        {[]*batchResult{answered(a), failed("c")}, false},
		"neither":           {[]*batchResult{{TransactionId: "d"}}, false},
		"a full view":       {[]*batchResult{answered(&fraudactivityv1.FraudActivity{TransactionId: "e", Assessment: &fraudactivityv1.Assessment{}})}, false},
		"two different IDs": {[]*batchResult{{TransactionId: "f", Result: answered(a).Result}}, false},
	} {
		if got := checkWritten(t, &fraudactivityv1.BatchGetFraudActivityResponse{Results: c.results}); got != c.byHand {
			t.Errorf("%s: by hand %v", name, got)
		}
	}
}

func TestABasicAnswerIsWrittenByHandAndAFullOneIsNot(t *testing.T) {
	m := &fraudactivityv1.FraudActivity{TransactionId: "Y12a34x56", PredictedLabel: true, FraudProbability: 99.99}
	got, ok := appendBasic(nil, m)
	if want := `{"transaction_id":"Y12a34x56","predicted_label":true,"fraud_probability":99.99}`; !ok || string(got) != want {
		t.Errorf("wrote %s, %v", got, ok)
	}
	m.Assessment = &fraudactivityv1.Assessment{}
	if _, ok := appendBasic(nil, m); ok {
		t.Error("an assessment was left out")
	}
}
