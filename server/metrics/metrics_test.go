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
	m := metrics.New("Get", "Watch")
	m.Time(fraud.StageLookUp, 120*time.Microsecond)
	m.Time(fraud.StageLookUp, 7*time.Microsecond)
	m.Time(fraud.StageRecord, 2*time.Millisecond)
	m.Batch(5, 3, 1)
	m.Batch(64, 64, 0)
	m.Assessed(.05, false)
	m.Assessed(.97, true)
	m.Failed("PREDICTOR_UNAVAILABLE")
	m.Call(fraud.CallEnd{Procedure: "Get", Code: "ok", Took: 200 * time.Microsecond})
	m.Call(fraud.CallEnd{Procedure: "Get", Code: "unavailable", Reason: "STORE_UNAVAILABLE", Took: 2 * time.Microsecond})
	m.Call(fraud.CallEnd{Procedure: "Watch", Code: "canceled", Stream: true, Took: time.Hour})
	m.Call(fraud.CallEnd{Procedure: "made up by a caller", Code: "ok"})
	text := scrape(m)
	if strings.Contains(text, "made up") {
		t.Error("callers make series")
	}
	for _, line := range []string{
		`brrr_stage_duration_seconds_count{stage="lookup"} 2`,
		`brrr_stage_duration_seconds_bucket{stage="lookup",le="1e-05"} 1`,
		`brrr_stage_duration_seconds_bucket{stage="lookup",le="0.0001"} 1`,
		`brrr_stage_duration_seconds_bucket{stage="lookup",le="0.00015"} 2`,
		`brrr_stage_duration_seconds_sum{stage="record"} 0.002`,
		`brrr_stage_duration_seconds_count{stage="gate"} 0`,
		`brrr_assessments_total{source="model"} 67`,
		`brrr_assessments_total{source="record"} 1`,
		`brrr_assessed_label_total{label="fraud"} 1`,
		`brrr_assessed_label_total{label="legitimate"} 1`,
		`brrr_assessed_probability_bucket{le="0.1"} 1`,
		`brrr_assessed_probability_bucket{le="1"} 2`,
		`brrr_assessments_failed_total{reason="PREDICTOR_UNAVAILABLE"} 1`,
		`brrr_calls_total{code="ok",procedure="Get",reason=""} 1`,
		`brrr_calls_total{code="ok",procedure="Watch",reason=""} 0`,
		`brrr_calls_total{code="unavailable",procedure="Get",reason="STORE_UNAVAILABLE"} 1`,
		`brrr_calls_total{code="canceled",procedure="Watch",reason=""} 1`,
		`brrr_calls_total{code="internal",procedure="Get",reason="INTERNAL"} 0`,
		`brrr_assessments_failed_total{reason="INTERNAL"} 0`,
		`brrr_call_duration_seconds_count{procedure="Get"} 2`,
		`brrr_call_duration_seconds_bucket{procedure="Get",le="0.0002"} 2`,
		`brrr_call_duration_seconds_count{procedure="Watch"} 0`,
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

func TestReadingsAreReadAnewWithEachScrape(t *testing.T) {
	m := metrics.New()
	level := 1.
	m.Read(
		metrics.Gauge("brrr_level", "A level.", func() float64 { return level }),
		metrics.Counter("brrr_deeds_total", "Deeds.", func() float64 { return 10 * level }),
		metrics.Reading{Name: "brrr_parts", Help: "Parts.", Labels: []string{"of", "by"}, Read: func(add metrics.Add) {
			for range int(level) {
				add(level, "a", "b")
			}
		}},
	)
	for _, c := range []struct {
		level float64
		lines []string
	}{
		{1, []string{"# TYPE brrr_level gauge", "# TYPE brrr_deeds_total counter", "brrr_level 1", "brrr_deeds_total 10", `brrr_parts{by="b",of="a"} 1`}},
		{0, []string{"brrr_level 0", "brrr_deeds_total 0"}},
	} {
		level = c.level
		text := scrape(m)
		for _, line := range c.lines {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("at %v, not served: %s", level, line)
			}
		}
		if strings.Contains(text, "brrr_parts{") != (level > 0) {
			t.Errorf("at %v, wrong parts:\n%s", level, text)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	m := metrics.New("Get")
	b.ReportAllocs()
	for b.Loop() {
		m.Call(fraud.CallEnd{Procedure: "Get", Code: "ok", Took: 500 * time.Microsecond})
	}
}

func BenchmarkTime(b *testing.B) {
	m := metrics.New()
	b.ReportAllocs()
	for b.Loop() {
		m.Time(fraud.StageQueue, 500*time.Microsecond)
	}
}
