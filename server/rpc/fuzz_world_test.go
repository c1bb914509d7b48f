package rpc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// fuzzed is the whole edge over a real store with twenty assessments of two
// accounts, and a model that says 0.25 to everything.
type fuzzed struct {
	cfg     Config
	handler http.Handler
	store   *sqlite.Store
	dir     string
	token   string // of an admin's key
}

var fuzzBegan = time.Unix(1_700_000_000, 0).UTC()

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	w := &fuzzed{dir: f.TempDir()}
	var err error
	must := func(doing string) {
		if err != nil {
			f.Fatalf("%s: %v", doing, err)
		}
	}
	w.store, err = sqlite.Open(f.Context(), w.dir)
	must("open the store")
	f.Cleanup(func() { w.store.Close() })
	w.fill(f)
	w.token, err = access.CreateKey(f.Context(), w.store, "fuzz", "admin", 0, "user:fuzz")
	must("make a key")
	log := slog.New(slog.DiscardHandler)
	keys, err := access.OpenKeyring(f.Context(), w.store, log)
	must("open the keyring")
	f.Cleanup(keys.Close)
	w.cfg = Config{Store: w.store, Predictor: steady{}, Callers: &access.Callers{Keys: keys}, Log: log, Ready: func() error { return nil },
		Deadline: time.Minute, MaxDeadline: time.Minute}
	w.cfg.Assessor, err = assess.New(w.store, steady{}, fraud.Unmetered{}, batch.Options{})
	must("start the assessor")
	w.cfg.Reporter, err = assess.NewReporter(w.store, batch.Options{InFlight: 1})
	must("start the reporter")
	w.cfg.Recorder, err = assess.NewRecorder(w.store, batch.Options{})
	must("start the recorder")
	f.Cleanup(func() { // before the store
		w.cfg.Assessor.Close(context.Background())
		w.cfg.Reporter.Close(context.Background())
		w.cfg.Recorder.Close(context.Background())
	})
	w.handler = NewHandler(w.cfg)
	return w
}

// fill records transactions 0 to 19, which are assessed, the even ones labelled.
func (w *fuzzed) fill(f *testing.F) {
	f.Helper()
	for i := range 20 {
		id, when := fmt.Sprintf("t-%d", i), fuzzBegan.Add(time.Duration(i)*time.Minute)
		_, err := w.store.Record(f.Context(), []fraud.Transaction{{ID: id, AccountID: fmt.Sprintf("card-%d", i%2), Amount: 1 + float64(i), Time: when}})
		if err == nil {
			_, err = w.store.RecordAssessments(f.Context(), []fraud.Assessment{{Transaction: fraud.Recorded{Seq: int64(i + 1)}, ModelVersion: "v1",
				Label: i > 10, Probability: float64(i%7) / 7, Threshold: 0.5, AssessedAt: when}})
		}
		if err == nil && i%2 == 0 {
			_, err = w.store.ReportOutcomes(f.Context(), []fraud.Outcome{{TransactionID: id, Label: fraud.OutcomeFraud, Source: fraud.SourceAnalyst, OccurredAt: when}})
		}
		if err != nil {
			f.Fatal(err)
		}
	}
}

// post sends a body as the admin, in this process.
func (w *fuzzed) post(ctx context.Context, path, contentType string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+w.token)
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, req)
	return res
}

// wantDesigned wants a failure to have one of the given reasons, and to tell no
// more than callers may know.
func (w *fuzzed) wantDesigned(t *testing.T, what string, body []byte, reasons ...string) {
	t.Helper()
	if text := string(body); strings.Contains(text, w.dir) || strings.Contains(text, w.token[len(w.token)-30:]) || strings.Contains(text, "goroutine ") {
		t.Fatalf("%s: tells too much: %s", what, body)
	}
	got := reasonIn(body)
	for _, reason := range reasons {
		if got == reason {
			return
		}
	}
	t.Fatalf("%s: reason %q, not one of %q: %s", what, got, reasons, body)
}

// reasonIn is that of the error which Connect wrote as JSON, or empty.
func reasonIn(body []byte) string {
	var failure struct {
		Details []struct{ Type, Value string }
	}
	if json.Unmarshal(body, &failure) != nil {
		return ""
	}
	for _, detail := range failure.Details {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(detail.Value, "="))
		var info errdetails.ErrorInfo
		if err == nil && detail.Type == "google.rpc.ErrorInfo" && proto.Unmarshal(raw, &info) == nil {
			return info.Reason
		}
	}
	return ""
}

// steady is a model that is sure of nothing.
type steady struct{}

func (steady) Model() (fraud.Model, error) {
	return fraud.Model{Version: "v1", Threshold: 0.5, Explains: true}, nil
}

func (steady) Slots() int { return 1 }

func (steady) Predict(_ context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	out := fraud.Predictions{ModelVersion: "v1", Threshold: 0.5, Rows: make([]fraud.Prediction, len(rows))}
	for i := range out.Rows {
		out.Rows[i].Probability = 0.25
	}
	return out, nil
}

func (steady) Explain(_ context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	return fraud.Explanations{ModelVersion: "v1", Rows: make([]fraud.Explanation, len(rows))}, nil
}
