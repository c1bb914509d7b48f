package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
)

func scrape(m *metrics.Metrics) string {
	res := httptest.NewRecorder()
	m.Handler().ServeHTTP(res, httptest.NewRequest("GET", "/metrics", nil))
	return res.Body.String()
}

func TestWhatIsToldIsServedToAScraper(t *testing.T) {
	m := metrics.New()
	m.Time(fraud.StageLookUp, 120*time.Microsecond)
	m.Time(fraud.StageLookUp, 7*time.Microsecond)
	m.Time(fraud.StageRecord, 2*time.Millisecond)
	m.Batch(5, 3, 1)
	m.Batch(64, 64, 0)
	text := scrape(m)
	for _, line := range []string{
		`brrr_stage_duration_seconds_count{stage="lookup"} 2`,
		`brrr_stage_duration_seconds_bucket{stage="lookup",le="1e-05"} 1`,
		`brrr_stage_duration_seconds_bucket{stage="lookup",le="0.0001"} 1`,
		`brrr_stage_duration_seconds_bucket{stage="lookup",le="0.00015"} 2`,
		`brrr_stage_duration_seconds_sum{stage="record"} 0.002`,
		`brrr_stage_duration_seconds_count{stage="gate"} 0`,
		`brrr_assessments_total{source="model"} 67`,
		`brrr_assessments_total{source="record"} 1`,
		`brrr_batch_rows_count 2`,
		`brrr_batch_rows_sum 69`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("not served: %s", line)
		}
	}
}

func TestEveryStageIsServedFromTheStart(t *testing.T) {
	text := scrape(metrics.New())
	for stage := range fraud.Stages {
		if !strings.Contains(text, `stage="`+stage.String()+`"`) {
			t.Errorf("no series for the stage %s", stage)
		}
	}
}

func BenchmarkTime(b *testing.B) {
	m := metrics.New()
	b.ReportAllocs()
	for b.Loop() {
		m.Time(fraud.StageQueue, 500*time.Microsecond)
	}
}
