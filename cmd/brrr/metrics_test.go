package main

import (
	"bufio"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
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
	_, err := s.client("client").BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: []string{demoTransaction, "nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	seen := s.scrape(t)
	for series, want := range map[string]float64{
		`brrr_assessments_total{source="model"}`:                             1,
		`brrr_assessments_total{source="record"}`:                            3,
		`brrr_assessments_failed_total{reason="TRANSACTION_UNKNOWN"}`:        1,
		`brrr_assessed_probability_count`:                                    1,
		`brrr_batch_rows_sum`:                                                5,
		`brrr_stage_duration_seconds_count{stage="queue"}`:                   5,
		`brrr_stage_duration_seconds_count{stage="lookup"}`:                  4,
		`brrr_stage_duration_seconds_count{stage="predict"}`:                 1,
		`brrr_stage_duration_seconds_count{stage="record"}`:                  1,
		`brrr_predictor_calls_total{host="local",result="answered"}`:         1,
		`brrr_calls_total{code="ok",procedure="GetFraudActivity",reason=""}`: 3,
	} {
		if seen[series] != want {
			t.Errorf("%s is %v, want %v", series, seen[series], want)
		}
	}
	if labels := seen[`brrr_assessed_label_total{label="fraud"}`] + seen[`brrr_assessed_label_total{label="legitimate"}`]; labels != 1 {
		t.Errorf("%v labels of one assessment", labels)
	}
	if seen[`brrr_stage_duration_seconds_count{stage="gate"}`] < 5 {
		t.Error("calls have passed the gate uncounted")
	}
}

// TestEachCallIsCountedOnceHoweverItEnds looks at the counters after each call, over
// each protocol: in some of them a failure is an answer with status 200.
func TestEachCallIsCountedOnceHoweverItEnds(t *testing.T) {
	s := startServer(t, "--admin-listen=127.0.0.1:0", noModel)
	s.recordSome(t)
	const get, path = "GetFraudActivity", fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure
	for name, call := range protocols {
		for what, c := range map[string]struct {
			key, id      string
			code, reason string
		}{
			"nobody's":      {s.keys["client"], "nobody", "not_found", "TRANSACTION_UNKNOWN"},
			"breaks a rule": {s.keys["client"], strings.Repeat("x", 200), "invalid_argument", "INVALID_ARGUMENT"},
			"without a key": {"", demoTransaction, "unauthenticated", "UNAUTHENTICATED"},
		} {
			before := s.ends(t)
			call(t, s.url, c.key, c.id)
			s.awaitEnded(t, name+", "+what, before, map[string]float64{get + " " + c.code + " " + c.reason: 1})
		}
	}
	for what, c := range map[string]struct {
		method, path, kind, body string
		want                     map[string]float64
	}{
		"without a model":         {"POST", path, "application/json", `{"transaction_id":"` + demoTransaction + `"}`, map[string]float64{get + " unavailable PREDICTOR_UNAVAILABLE": 1}},
		"malformed":               {"POST", path, "application/json", "{", map[string]float64{get + " invalid_argument INVALID_ARGUMENT": 1}},
		"of another type":         {"POST", path, "text/plain", "{}", map[string]float64{get + " unread ": 1}},
		"of another type, seed's": {"POST", "/api/FraudActivity", "text/plain", "{}", map[string]float64{get + " unread ": 1}},
		"too large":               {"POST", path, "application/json", `{"transaction_id":"` + strings.Repeat("x", 3<<20) + `"}`, map[string]float64{get + " unread ": 1}},
		"cut-off gRPC":            {"POST", path, "application/grpc+proto", "\x00\x00\x00\x00\xff", map[string]float64{get + " unread ": 1}},
		"an unknown procedure":    {"POST", servicePath + "Nothing", "application/json", "{}", map[string]float64{}},
		"the console":             {"GET", "/", "", "", map[string]float64{}},
		"a probe":                 {"GET", "/healthz", "", "", map[string]float64{}},
		"a preflight":             {"OPTIONS", path, "", "", map[string]float64{}},
	} {
		before := s.ends(t)
		req, _ := http.NewRequestWithContext(t.Context(), c.method, s.url+c.path, strings.NewReader(c.body))
		req.Header.Set("Content-Type", c.kind)
		req.Header.Set("Authorization", "Bearer "+s.keys["client"])
		req.Header.Set("Origin", "https://elsewhere.example")
		if c.method == "OPTIONS" {
			req.Header.Set("Access-Control-Request-Method", "POST")
		}
		if res, err := http1.Do(req); err == nil {
			res.Body.Close()
		}
		s.awaitEnded(t, what, before, c.want)
	}
}

func TestAWatcherIsCountedWhileItWatchesAndOnceItEnds(t *testing.T) {
	s := startServer(t, "--admin-listen=127.0.0.1:0", noModel)
	for _, over := range []connect.ClientOption{connect.WithGRPC(), connect.WithGRPCWeb(), connect.WithProtoJSON()} {
		before := s.ends(t)
		stream, err := client.New(s.url, s.keys["analyst"], over).WatchFraudActivity(t.Context(), &watchRequest{})
		if err != nil || !stream.Receive() {
			t.Fatal(err, stream.Err())
		}
		if n := s.scrape(t)["brrr_watchers"]; n != 1 {
			t.Errorf("%v watch, want 1", n)
		}
		stream.Close()
		s.awaitEnded(t, "a stream", before, map[string]float64{"WatchFraudActivity canceled ": 1})
		if n := s.scrape(t)["brrr_watchers"]; n != 0 {
			t.Errorf("%v watch, want none", n)
		}
	}
	if n := s.scrape(t)[`brrr_call_duration_seconds_count{procedure="WatchFraudActivity"}`]; n != 0 {
		t.Errorf("%v streams were timed as if they were calls", n)
	}
}

// TestEveryMetricIsInTheManualAndTheOtherWayRound scrapes a server that has all there
// can be: TLS, an issuer, traces, a Python process of its own, a key that expires.
func TestEveryMetricIsInTheManualAndTheOtherWayRound(t *testing.T) {
	issuer := issuertest.Start(t)
	received := startSpanCollector(t)
	began := time.Now()
	s, _ := startTLS(t, "--admin-listen=127.0.0.1:0", "--oidc-issuer="+issuer.URL, "--oidc-audience="+issuertest.Audience, "--trace-endpoint="+received.URL)
	soon := time.Now().Add(time.Hour).Truncate(time.Second)
	newKeyUntil(t, s, soon)
	s.awaitModel(t)
	if answer := overSecure(t, s); answer.code != "not_found" {
		t.Fatalf("%+v", answer)
	}
	await(t, "keys and the issuer's to be read", func() bool {
		seen := s.scrape(t)
		return seen["brrr_keys_next_expiry_timestamp_seconds"] == float64(soon.Unix()) && seen["brrr_issuer_keys_read_timestamp_seconds"] > 0
	})
	served := s.kinds(t)
	manual := metricsOfTheManual(t)
	for name, row := range manual {
		if served[name] != row {
			t.Errorf("the manual says %s is %q, and it is %q", name, row, served[name])
		}
	}
	for name, row := range served {
		if _, ok := manual[name]; !ok {
			t.Errorf("the manual does not have | `%s` | %s |", name, row)
		}
	}

	seen := s.scrape(t)
	model, err := s.predictor.Model()
	if err != nil {
		t.Fatal(err)
	}
	for series, want := range map[string]float64{
		"brrr_ready": 1, "brrr_store_up": 1, "brrr_store_failures_total": 0, "brrr_predictor_restarts_total": 0, "brrr_spans_dropped_total": 0,
		`brrr_predictor_up{host="local"}`: 1, `brrr_predictor_breaker_open{host="local"}`: 0,
		`brrr_model_info{host="local",version="` + model.Version + `"}`:     1,
		`brrr_keys{state="valid"}`:                                          float64(len(s.keys) + 1),
		`brrr_keys{state="revoked"}`:                                        0,
		`brrr_certificates_refused{peer="callers"}`:                         0,
		`brrr_certificate_expiry_timestamp_seconds{certificate="tls-cert"}`: float64(s.certs.State().Certificates[0].NotAfter.Unix()),
		"brrr_connections_max":                                              defaultConnections,
		`brrr_queue_items{line="assess"}`:                                   0,
		`brrr_queue_slots{line="assess"}`:                                   float64(s.predictor.Slots()),
	} {
		if value, ok := seen[series]; !ok || value != want {
			t.Errorf("%s is %v, want %v", series, value, want)
		}
	}
	for series, least := range map[string]float64{
		"brrr_store_bytes": 4096, "brrr_store_free_bytes": 1, "brrr_connections": 1,
		"brrr_keys_read_timestamp_seconds": unixSeconds(began), "brrr_issuer_keys_read_timestamp_seconds": unixSeconds(began),
	} {
		if seen[series] < least {
			t.Errorf("%s is %v, want %v at least", series, seen[series], least)
		}
	}
}

// overSecure asks about a transaction that nobody knows.
func overSecure(t *testing.T, s *testServer) answer {
	t.Helper()
	return callConnect(t, client.NewWithHTTP(s.over, s.url, s.keys["client"]), "nobody")
}

// metricsOfTheManual are type and labels by name, as the table has them.
func metricsOfTheManual(t *testing.T) map[string]string {
	t.Helper()
	manual, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(brrr_\\w+)` \\| (\\w+) \\|([^|]*)\\|").FindAllStringSubmatch(string(manual), -1) {
		rows[row[1]] = strings.TrimSpace(row[2] + " " + strings.ReplaceAll(strings.TrimSpace(row[3]), "`", ""))
	}
	return rows
}

// kinds are type and labels of each of our metrics, by name.
func (s *testServer) kinds(t *testing.T) map[string]string {
	t.Helper()
	kinds, labels := map[string]string{}, map[string]map[string]bool{}
	for _, line := range s.lines(t) {
		if rest, ok := strings.CutPrefix(line, "# TYPE brrr_"); ok {
			name, kind, _ := strings.Cut(rest, " ")
			kinds["brrr_"+name], labels["brrr_"+name] = kind, map[string]bool{}
		}
	}
	label := regexp.MustCompile(`[{,](\w+)="`)
	for series := range s.scrape(t) {
		name, _, _ := strings.Cut(series, "{")
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if known, ok := labels[strings.TrimSuffix(name, suffix)]; ok {
				for _, l := range label.FindAllStringSubmatch(series, -1) {
					known[l[1]] = l[1] != "le"
				}
			}
		}
	}
	for name := range kinds {
		maps.DeleteFunc(labels[name], func(_ string, told bool) bool { return !told })
		kinds[name] = strings.TrimSpace(kinds[name] + " " + strings.Join(slices.Sorted(maps.Keys(labels[name])), ", "))
	}
	return kinds
}

// ends are how many calls have ended, by procedure, code and reason.
func (s *testServer) ends(t *testing.T) map[string]float64 {
	t.Helper()
	ends := map[string]float64{}
	series := regexp.MustCompile(`^brrr_calls_total\{code="(\w*)",procedure="(\w*)",reason="(\w*)"\}$`)
	for name, value := range s.scrape(t) {
		if m := series.FindStringSubmatch(name); m != nil && value > 0 {
			ends[m[2]+" "+m[1]+" "+m[3]] = value
		}
	}
	return ends
}

// awaitEnded waits until exactly these have ended since: a caller has its answer a
// moment before it is counted.
func (s *testServer) awaitEnded(t *testing.T, what string, since, want map[string]float64) {
	t.Helper()
	var now map[string]float64
	defer func() {
		if t.Failed() {
			t.Logf("%s: counted %v, want %v", what, now, want)
		}
	}()
	await(t, what+" to be counted", func() bool { now = s.ended(t, since); return maps.Equal(now, want) })
}

// ended are those since.
func (s *testServer) ended(t *testing.T, since map[string]float64) map[string]float64 {
	t.Helper()
	ends := s.ends(t)
	for name, before := range since {
		if ends[name] -= before; ends[name] == 0 {
			delete(ends, name)
		}
	}
	return ends
}

// scrape is each series with its value.
func (s *testServer) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for _, line := range s.lines(t) {
		if i := strings.LastIndexByte(line, ' '); i > 0 && !strings.HasPrefix(line, "#") {
			value, err := strconv.ParseFloat(line[i+1:], 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			values[line[:i]] = value
		}
	}
	return values
}

func (s *testServer) lines(t *testing.T) (lines []string) {
	t.Helper()
	text := bufio.NewScanner(strings.NewReader(s.metrics(t)))
	for text.Scan() {
		lines = append(lines, text.Text())
	}
	return lines
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
