package rpc

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// FuzzSeedBody posts any body, under any content type, as clients of the first
// version do: an answer with its three fields, or a refusal that says why.
func FuzzSeedBody(f *testing.F) {
	w := newFuzzed(f)
	for _, body := range []string{`{"transaction_id":"t-1"}`, `{"transaction_id":"nobody"}`, `{"transaction_id":""}`, `{"transactionId":"t-1","view":"VIEW_EXPLAINED"}`,
		`{}`, ``, `[]`, `null`, `{"transaction_id":1}`, `{"transaction_id":"a","transaction_id":"b"}`, `{"transaction_id":"\ud800"}`, "{\"transaction_id\":\"\xff\"}",
		`{"transaction_id":"t-1"} {}`, `{"x":"t-1"}`, "\x1f\x8b"} {
		f.Add("application/json", []byte(body))
	}
	for _, kind := range []string{"", "application/json; charset=utf-8", "application/json;charset=UTF-8", "application/json; charset=latin1", "APPLICATION/JSON",
		"application/json; a=b", "application/jsonx", "text/plain", "application/proto", "application/grpc", "application/connect+json", "application/json\x00", ";"} {
		f.Add(kind, []byte(`{"transaction_id":"t-1"}`))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		res := w.post(t.Context(), SeedPath, kind, body)
		answer := res.Body.Bytes()
		if form := res.Header().Get("Content-Type"); strings.HasPrefix(form, "application/grpc") || strings.HasPrefix(form, "application/connect+") {
			return // refused in the form of the protocol that the content type names
		}
		switch res.Code {
		case http.StatusOK:
			var fields map[string]any
			if err := json.Unmarshal(answer, &fields); err != nil || fields["transaction_id"] == "" || len(fields) < 3 {
				t.Fatalf("%q as %q: %s, %v", body, kind, answer, err)
			}
		case http.StatusBadRequest:
			w.wantDesigned(t, kind, answer, fraud.ReasonInvalidArgument)
		case http.StatusNotFound:
			w.wantDesigned(t, kind, answer, fraud.ReasonTransactionUnknown)
		default:
			t.Fatalf("%q as %q: status %d: %s", body, kind, res.Code, answer)
		}
	})
}
