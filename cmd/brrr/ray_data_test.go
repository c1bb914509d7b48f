package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// checkFileOnRay has a file scored by Ray Data, and its rows recorded in order and
// assessed by the service. There are rows that come late, again, and under an ID that is taken.
func checkFileOnRay(t *testing.T, n *rayNode, s *shelf, model scored) {
	rows := simulated(t, s)[:3000]
	for i := 20; i < len(rows); i += 40 {
		rows[i], rows[i-7] = rows[i-7], rows[i]
	}
	rows = append(rows, rows[5], rows[6])
	rows[len(rows)-1] = &fraudactivityv1.Transaction{TransactionId: rows[6].TransactionId, AccountId: rows[6].AccountId,
		Amount: rows[6].Amount + 1, Time: rows[6].Time}
	path, output := filepath.Join(t.TempDir(), "payments.csv"), filepath.Join(t.TempDir(), "scored")
	writePayments(t, path, rows)
	n.score(t, "--input", path, "--output", output, "--model", filepath.Join(s.root, model.Version), "--format=csv")
	got := map[string][][]string{}
	for _, fields := range readCSV(t, filepath.Join(output, "part-000000.csv"), false,
		"transaction_id,predicted_label,fraud_probability,model_version,threshold,assessed_at,reason") {
		got[fields[0]] = append(got[fields[0]], fields)
	}

	server := startServer(t, "--models="+filepath.Join(s.root, model.Version), "--deadline=30s", "--max-wait=30s")
	if err := server.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for first := 0; first < 3000; first += maxItems {
		for _, want := range assessAll(t, server.client("admin"), rows[first:first+maxItems]) {
			for i, fields := range got[want.TransactionId] {
				if i > 0 && fields[6] == "FACTS_DIFFER" && fields[2] == "" && want.TransactionId == rows[6].TransactionId {
					continue
				}
				compared++
				checkScored(t, fields, want)
			}
		}
	}
	if compared != 3001 {
		t.Errorf("compared %d answers, want 3001", compared)
	}
}

// checkScored compares to the last bit.
func checkScored(t *testing.T, fields []string, want *fraudactivityv1.FraudActivity) {
	t.Helper()
	exactly := func(text string, x float64) bool {
		found, err := strconv.ParseFloat(text, 64)
		return err == nil && math.Float64bits(found) == math.Float64bits(x)
	}
	_, err := time.Parse(time.RFC3339Nano, fields[5])
	if !exactly(fields[2], want.FraudProbability) || !exactly(fields[4], want.Assessment.GetThreshold()) || err != nil ||
		fields[1] != fmt.Sprint(want.PredictedLabel) || fields[3] != want.Assessment.ModelVersion || fields[6] != "" {
		t.Fatalf("in the file %v, by the service %v", fields, want)
	}
}

func writePayments(t *testing.T, path string, rows []*fraudactivityv1.Transaction) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := csv.NewWriter(file)
	out.Write([]string{"transaction_id", "account_id", "amount", "currency", "time", "account_opened_at"})
	for _, r := range rows {
		opened := ""
		if r.AccountOpenedAt != nil {
			opened = r.AccountOpenedAt.AsTime().Format(time.RFC3339)
		}
		out.Write([]string{r.TransactionId, r.AccountId, strconv.FormatFloat(r.Amount, 'g', -1, 64), r.Currency, fmt.Sprint(r.Time.AsTime().Unix()), opened})
	}
	if out.Flush(); out.Error() != nil {
		t.Fatal(out.Error())
	}
}
