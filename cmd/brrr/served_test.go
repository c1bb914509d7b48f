package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// closeEnough is how far a probability, 0 to 1, may be from the same one
// computed elsewhere.
const closeEnough = 1e-9

// TestSparkovIsServedAsItIsScored has real payments assessed by the service, and
// compares each score with what the model says in Python by facts that are
// derived there.
func TestSparkovIsServedAsItIsScored(t *testing.T) {
	const n, each = 10_000, 200
	from, accounts := sparkov(t)
	head := []string{"transaction_id", "account_id", "amount", "time", "category", "label"}
	rows := readCSV(t, from, true, "transaction_id,account_id,amount,time,category,label")[:n]
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(append([][]string{head}, rows...)); err != nil {
		t.Fatal(err)
	}
	transactions := writeFile(t, "first.csv", text.String())
	model := score(t, transactions, accounts, filepath.Join(root, "predictor", "models"))[0]

	data := t.TempDir()
	r := runImport(t.Context(), t, nil, transactions, "--accounts="+accounts, "--data="+data)
	r.check(t, exitDone, fmt.Sprintf("%d recorded", n))
	s := &testServer{app: startOn(t, data), data: data}
	s.awaitModel(t)
	key := newKey(t, s.store, "client")

	// By each protocol others, from all over the rows: the model is asked then, not
	// the record.
	for i, call := range []func(id string) answer{
		func(id string) answer { return callConnect(t, client.New(s.url, key, connect.WithGRPC()), id) },
		func(id string) answer {
			return callConnect(t, client.NewWithHTTP(http1, s.url, key, connect.WithGRPCWeb()), id)
		},
		func(id string) answer {
			return postJSON(t, s.url+fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure, key, id)
		},
	} {
		for row := i; row < n; row += n / each {
			got := call(rows[row][0])
			if got.code != "" {
				t.Fatalf("protocol %d: %s: %s %s", i, rows[row][0], got.code, got.message)
			}
			checkScore(t, got.activity, rows[row][0], model, row)
		}
	}

	service := client.New(s.url, key)
	fromRecord, flagged, compared, farthest := 0, 0, 0, 0.0
	for first := 0; first < n; first += maxItems {
		req := &fraudactivityv1.BatchGetFraudActivityRequest{View: fraudactivityv1.View_VIEW_FULL}
		for _, row := range rows[first : first+maxItems] {
			req.TransactionIds = append(req.TransactionIds, row[0])
		}
		res, err := service.BatchGetFraudActivity(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range res.Results {
			got := r.GetFraudActivity()
			if got == nil {
				t.Fatalf("%s: %v", r.TransactionId, r.GetError())
			}
			a := got.Assessment
			farthest = max(farthest, checkScore(t, got, rows[first+i][0], model, first+i))
			if a.ModelVersion != model.Version || !(math.Abs(a.GetThreshold()/100-model.Threshold) <= closeEnough) {
				t.Errorf("%s: by %s with the threshold %v %%, want %s with %v", got.TransactionId, a.ModelVersion, a.GetThreshold(), model.Version, model.Threshold)
			}
			compared++
			if a.FromRecord {
				fromRecord++
			}
			if got.PredictedLabel {
				flagged++
			}
		}
	}
	if compared != n || fromRecord != 3*each {
		t.Errorf("compared %d, %d of them from the record", compared, fromRecord)
	}
	t.Logf("%d scores of %s by %d facts, %.3g to %.3g; farthest from Python's by %.2g; %d flagged",
		compared, model.Version, len(model.Facts), slices.Min(model.Probabilities), slices.Max(model.Probabilities), farthest, flagged)
}

// checkScore compares an answer with the model's own, and returns how far apart
// the probabilities are, of 0 to 1.
func checkScore(t *testing.T, got *fraudactivityv1.FraudActivity, id string, model scored, row int) float64 {
	t.Helper()
	far := math.Abs(got.FraudProbability/100 - model.Probabilities[row])
	if got.TransactionId != id || got.PredictedLabel != model.Labels[row] || !(far <= closeEnough) {
		t.Errorf("row %d: %v, want %s with %v, %v", row, got, id, model.Probabilities[row], model.Labels[row])
	}
	return far
}
