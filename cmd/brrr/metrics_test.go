package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

func TestMetricsTellAnswersMadeNowFromThoseOnRecord(t *testing.T) {
	s := startServer(t, "--admin-listen=127.0.0.1:0")
	s.awaitModel(t)
	s.recordSome(t)
	for range 3 { // the second and the third are answered from the record
		if _, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: demoTransaction}); err != nil {
			t.Fatal(err)
		}
	}
	text := s.metrics(t)
	for _, line := range []string{
		`brrr_assessments_total{source="model"} 1`,
		`brrr_assessments_total{source="record"} 2`,
		`brrr_batch_rows_sum 3`,
		`brrr_stage_duration_seconds_count{stage="queue"} 3`,
		`brrr_stage_duration_seconds_count{stage="lookup"} 3`,
		`brrr_stage_duration_seconds_count{stage="predict"} 1`,
		`brrr_stage_duration_seconds_count{stage="record"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("not served: %s", line)
		}
	}
	if strings.Contains(text, `brrr_stage_duration_seconds_count{stage="gate"} 0`) {
		t.Error("no call passed the gate")
	}
}

func (s *testServer) metrics(t *testing.T) string {
	t.Helper()
	res, err := http.Get(s.adminURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	return string(text)
}
