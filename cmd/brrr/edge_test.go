package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// noModel is a predictor that never answers: nothing listens there.
const noModel = "--predictor=http://127.0.0.1:1"

const servicePath = "/" + fraudactivityv1connect.FraudActivityServiceName + "/"

// wantReason fails the test unless err bears the code and the reason.
func wantReason(t *testing.T, err error, code connect.Code, reason string) {
	t.Helper()
	if connect.CodeOf(err) != code || client.Reason(err) != reason {
		t.Errorf("got %v (%s), want %s (%s)", err, client.Reason(err), code, reason)
	}
}

func TestTheSeedsPathAnswersWithTheStatusOfItsReason(t *testing.T) {
	s := startServer(t, noModel)
	s.recordSome(t)
	withoutAssess := newKeyWithout(t, s)
	for name, c := range map[string]struct {
		key, body string
		status    int
		says      string
	}{
		"no key":             {"", `{"transaction_id":"first"}`, 401, `"reason":"UNAUTHENTICATED"`},
		"no ASSESS":          {withoutAssess, `{"transaction_id":"first"}`, 403, `lacks the permission ASSESS`},
		"unknown ID":         {s.keys["client"], `{"transaction_id":"nobody"}`, 404, `"reason":"TRANSACTION_UNKNOWN"`},
		"malformed ID":       {s.keys["client"], `{"transaction_id":"a b"}`, 400, `transaction_id: does not match regex pattern`},
		"no ID":              {s.keys["client"], `{}`, 400, `transaction_id: must be at least 1 characters`},
		"empty body":         {s.keys["client"], ``, 400, `transaction_id: must be at least 1 characters`},
		"wrong type":         {s.keys["client"], `{"transaction_id":12}`, 400, `invalid value for string field transactionId: 12`},
		"misspelt field":     {s.keys["client"], `{"transactionid":"first"}`, 400, `unknown field \"transactionid\"`},
		"not JSON":           {s.keys["client"], `transaction_id=first`, 400, `"reason":"INVALID_ARGUMENT"`},
		"cut off":            {s.keys["client"], `{"transaction_id":"fir`, 400, `"reason":"INVALID_ARGUMENT"`},
		"invalid UTF-8":      {s.keys["client"], "{\"transaction_id\":\"\xff\"}", 400, `"reason":"INVALID_ARGUMENT"`},
		"unknown view":       {s.keys["client"], `{"transaction_id":"first","view":99}`, 400, `view: `},
		"model down":         {s.keys["client"], `{"transaction_id":"first"}`, 503, `"reason":"PREDICTOR_UNAVAILABLE"`},
		"camelCase spelling": {s.keys["client"], `{"transactionId":"first"}`, 503, `"reason":"PREDICTOR_UNAVAILABLE"`},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := post1(t, s.url+"/api/FraudActivity", c.key, c.body)
			if res.StatusCode != c.status || !strings.Contains(string(body), c.says) {
				t.Errorf("%s %s, want %d …%s…", res.Status, body, c.status, c.says)
			}
			if got := res.Header.Get("WWW-Authenticate") == "Bearer"; got != (c.status == 401) {
				t.Errorf("WWW-Authenticate: %q", res.Header.Get("WWW-Authenticate"))
			}
			if res.Header.Get("X-Request-Id") == "" {
				t.Error("no request ID")
			}
		})
	}
}

func TestWrongContentTypesAndMethodsAreToldWhatIsRight(t *testing.T) {
	s := startServer(t, noModel)
	res, err := http1.Post(s.url+"/api/FraudActivity", "application/x-www-form-urlencoded", strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 400 || !strings.Contains(string(body), "content-type: must be application/json") {
		t.Errorf("form: %s %s", res.Status, body)
	}
	res, err = http1.Get(s.url + "/api/FraudActivity")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %s, Allow %q", res.Status, res.Header.Get("Allow"))
	}
}

func TestWhatHasNoSideEffectsAnswersToGET(t *testing.T) {
	s := startServer(t, noModel)
	for procedure, status := range map[string]int{
		"ListFraudActivity":        200,
		"ListLabelledTransactions": 200,
		"GetModel":                 503, // allowed, and the model is down
		"SummarizeFraudActivity":   400, // allowed, and from is missing
		"ListOutcomes":             400, // allowed, and the id is missing
		"GetCaller":                200,
		"GetFraudActivity":         405,
		"RecordTransactions":       405,
	} {
		query := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {"{}"}}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+servicePath+procedure+"?"+query.Encode(), nil)
		req.Header.Set("Authorization", "Bearer "+s.keys["admin"])
		res, err := http1.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("GET %s: %s, want %d", procedure, res.Status, status)
		}
	}
}

// TestEveryProcedureIsGuarded calls each with no key and with every role: the
// design's table, over the wire. What is let in fails later, for its emptiness.
func TestEveryProcedureIsGuarded(t *testing.T) {
	s := startServer(t, noModel)
	open := map[string]string{
		"GetFraudActivity": "client backend analyst admin", "BatchGetFraudActivity": "client backend analyst admin",
		"AssessTransaction": "backend admin", "RecordTransactions": "backend admin", "ReportOutcome": "analyst admin",
		"ListFraudActivity": "analyst admin", "ListLabelledTransactions": "analyst admin", "SummarizeFraudActivity": "analyst admin", "GetModel": "analyst admin",
		"ListOutcomes": "analyst admin", "GetCaller": "client backend analyst admin",
	}
	for procedure, roles := range open {
		for _, role := range []string{"", "client", "backend", "analyst", "admin"} {
			res, body := post1(t, s.url+servicePath+procedure, s.keys[role], `{}`)
			refused := res.StatusCode == 401 || res.StatusCode == 403
			if want := role == "" || !strings.Contains(roles, role); refused != want {
				t.Errorf("%s as %q: %s %s", procedure, role, res.Status, body)
			}
		}
	}
}

func TestStreamsPassTheSameGateAndRules(t *testing.T) {
	s := startServer(t, noModel)
	for name, c := range map[string]struct {
		key    string
		req    *fraudactivityv1.WatchFraudActivityRequest
		code   connect.Code
		reason string
	}{
		"no key":  {"", &fraudactivityv1.WatchFraudActivityRequest{}, connect.CodeUnauthenticated, "UNAUTHENTICATED"},
		"no READ": {s.keys["backend"], &fraudactivityv1.WatchFraudActivityRequest{}, connect.CodePermissionDenied, "PERMISSION_DENIED"},
		"bad request": {s.keys["analyst"], &fraudactivityv1.WatchFraudActivityRequest{Cursor: strings.Repeat("c", 257)},
			connect.CodeInvalidArgument, "INVALID_ARGUMENT"},
	} {
		for protocol, option := range map[string]connect.ClientOption{"gRPC": connect.WithGRPC(), "gRPC-Web": connect.WithGRPCWeb(), "Connect": connect.WithClientOptions()} {
			stream, err := client.New(s.url, c.key, option).WatchFraudActivity(t.Context(), c.req)
			if err == nil {
				for stream.Receive() {
				}
				err = stream.Err()
			}
			if connect.CodeOf(err) != c.code || client.Reason(err) != c.reason {
				t.Errorf("%s over %s: %v (%s)", name, protocol, err, client.Reason(err))
			}
		}
	}
}

func TestRecordTransactionsRefusesBadRowsAloneByFieldAndRule(t *testing.T) {
	s := startServer(t, noModel)
	good := func(id string) *fraudactivityv1.Transaction {
		return &fraudactivityv1.Transaction{TransactionId: id, AccountId: "card-1", Amount: 10, Time: at(1_700_000_000)}
	}
	bad := []struct {
		says  string
		spoil func(*fraudactivityv1.Transaction)
	}{
		{"amount: must be finite", func(t *fraudactivityv1.Transaction) { t.Amount = math.NaN() }},
		{"amount: must be finite", func(t *fraudactivityv1.Transaction) { t.Amount = math.Inf(1) }},
		{"amount: must be greater than 0", func(t *fraudactivityv1.Transaction) { t.Amount = -1 }},
		{"amount: must be greater than 0", func(t *fraudactivityv1.Transaction) { t.Amount = 0 }},
		{"transaction_id: must be at least 1 characters", func(t *fraudactivityv1.Transaction) { t.TransactionId = "" }},
		{"transaction_id: must be at most 128 characters", func(t *fraudactivityv1.Transaction) { t.TransactionId = strings.Repeat("a", 129) }},
		{"transaction_id: does not match", func(t *fraudactivityv1.Transaction) { t.TransactionId = "a/b" }},
		{"account_id: must be at least 1 characters", func(t *fraudactivityv1.Transaction) { t.AccountId = "" }},
		{"account_id: does not match", func(t *fraudactivityv1.Transaction) { t.AccountId = "ü" }},
		{"currency: does not match", func(t *fraudactivityv1.Transaction) { t.Currency = "euro" }},
		{"time: value is required", func(t *fraudactivityv1.Transaction) { t.Time = nil }},
		{"time: must be greater than or equal to", func(t *fraudactivityv1.Transaction) { t.Time = at(-1) }},
		{"time: must be", func(t *fraudactivityv1.Transaction) { t.Time = at(1_700_000_000_000) }}, // milliseconds
		{"account_opened_at: must be", func(t *fraudactivityv1.Transaction) { t.AccountOpenedAt = at(-1) }},
		{"already recorded with different facts", func(t *fraudactivityv1.Transaction) { t.TransactionId, t.Amount = "good-0", 11 }},
	}
	var rows []*fraudactivityv1.Transaction
	for i, b := range bad {
		rows = append(rows, good(fmt.Sprint("good-", i)), good(fmt.Sprint("bad-", i)))
		b.spoil(rows[len(rows)-1])
	}
	res, err := s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: rows})
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bad {
		if got := res.Results[2*i]; got.GetStatus() != fraudactivityv1.RecordStatus_RECORD_STATUS_RECORDED {
			t.Errorf("good row %d: %v", i, got)
		}
		if e := res.Results[2*i+1].GetError(); !strings.Contains(e.GetMessage(), b.says) || e.GetReason() == "" || e.GetCode() == "" {
			t.Errorf("bad row %d: %v, want …%s…", i, e, b.says)
		}
	}
}

func TestRequestsBeyondTheirBoundsAreRefusedWhole(t *testing.T) {
	s := startServer(t, noModel)
	ids := make([]string, 1001)
	for i := range ids {
		ids[i] = "x"
	}
	_, err := s.client("client").BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids})
	wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")
	_, err = s.client("client").BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{})
	wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")
	_, err = s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{})
	wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")

	huge := `{"transaction_id":"` + strings.Repeat("a", 3<<20) + `"}`
	res, body := post1(t, s.url+"/api/FraudActivity", s.keys["client"], huge)
	if res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), "resource_exhausted") {
		t.Errorf("3 MiB: %s %.200s", res.Status, body)
	}
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	io.CopyN(zip, zeros{}, 16<<20)
	zip.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/FraudActivity", &bomb)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("Authorization", "Bearer "+s.keys["client"])
	res, err = http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), "resource_exhausted") {
		t.Errorf("gzip bomb: %s %.200s", res.Status, body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestUnknownFieldsOfOtherVersionsPassInBinaryAndBrokenBytesDoNot(t *testing.T) {
	s := startServer(t, noModel)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"newer field":  {"\x0a\x05first\x98\x06\x01", 404},
		"broken bytes": {"\x0a\xffnonsense", 400},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+servicePath+"GetFraudActivity", strings.NewReader(c.body))
		req.Header.Set("Content-Type", "application/proto")
		req.Header.Set("Authorization", "Bearer "+s.keys["client"])
		res, err := http1.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || c.status == 400 && !strings.Contains(string(body), "INVALID_ARGUMENT") {
			t.Errorf("%s: %s %s", name, res.Status, body)
		}
	}
}

func TestQueueRefusalTellsWhenToTryAgain(t *testing.T) {
	s := startServer(t, noModel)
	if err := s.assessor.Close(context.Background()); err != nil { // as while draining
		t.Fatal(err)
	}
	_, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
	wantReason(t, err, connect.CodeResourceExhausted, "QUEUE_FULL")
	var failed *connect.Error
	if ok := asConnect(err, &failed); !ok {
		t.Fatal(err)
	}
	for _, d := range failed.Details() {
		if v, err := d.Value(); err == nil {
			if retry, ok := v.(*errdetails.RetryInfo); ok && retry.RetryDelay.AsDuration() > 0 {
				return
			}
		}
	}
	t.Error("no RetryInfo")
}
