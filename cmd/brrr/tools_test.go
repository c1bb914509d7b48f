package main

import (
	"encoding/json"
	"strings"
	"testing"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestTheClientCommands walks from a check to a reported outcome, as an analyst
// in a terminal does, against the real server and model.
func TestTheClientCommands(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	t.Setenv("BRRR_SERVER", s.url)
	t.Setenv("BRRR_KEY", s.keys["analyst"])
	for _, step := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"check", []string{"check", "first", "second"}, exitDone, []string{"TRANSACTION  LABEL", "first", "second", " %"}},
		{"check full", []string{"check", "first", "--view=full"}, exitDone, []string{"card-1", "10.00 EUR", "0 s", "simulated-"}},
		{"check explained", []string{"check", "first", "--view=explained"}, exitDone, []string{"Why first scores", "AMOUNT", "TIME_OF_DAY"}},
		{"check with an unknown ID", []string{"check", "first", "nobody"}, exitRejects, []string{"first", `no transaction "nobody" is recorded (TRANSACTION_UNKNOWN)`}},
		{"outcome", []string{"outcome", "second", "fraud", "--source=chargeback", "--note=called the bank"}, exitDone, []string{"second is recorded as fraud (chargeback"}},
		{"outcome of an unknown ID", []string{"outcome", "nobody", "fraud"}, exitFailed, []string{"TRANSACTION_UNKNOWN"}},
		{"outcome in the future", []string{"outcome", "second", "fraud", "--occurred-at=2999-01-01T00:00:00Z"}, exitFailed, []string{"occurred_at: must be less than now"}},
		{"list", []string{"list", "--outcome=fraud"}, exitDone, []string{"ASSESSED", "second", "fraud"}},
		{"list labelled", []string{"list", "--labelled"}, exitDone, []string{"second"}},
		{"outcome taken back", []string{"outcome", "second", "withdrawn", "-o", "json"}, exitDone, []string{`"OUTCOME_LABEL_WITHDRAWN"`}},
		{"history", []string{"outcomes", "history", "second"}, exitDone, []string{"OCCURRED (UTC)", "withdrawn", "chargeback", "called the bank"}},
		{"list none", []string{"list", "--account=nobody"}, exitDone, []string{"ASSESSED"}},
		{"list until long ago", []string{"list", "--to=2001-01-01"}, exitDone, []string{"ASSESSED"}},
		{"list with a bad filter", []string{"list", "--min=101"}, exitFailed, []string{"filter.min_fraud_probability: must be"}},
		{"model", []string{"model", "show"}, exitDone, []string{"simulated-", "amount, time, age_of_account, number_of_transactions", "average_precision"}},
	} {
		checkCommand(t, step.name, step.args, step.code, step.says)
	}
}

// checkCommand runs a command and wants its exit code, and all of what it is to say.
func checkCommand(t *testing.T, name string, args []string, want int, says []string) {
	t.Helper()
	code, out, errs := command(t, args...)
	if code != want {
		t.Errorf("%s: exit %d, want %d\n%s%s", name, code, want, out, errs)
	}
	for _, part := range says {
		if !strings.Contains(out+errs, part) {
			t.Errorf("%s: lacks %q\n%s%s", name, part, out, errs)
		}
	}
}

func TestJSONOutputIsOneObjectALine(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	where := []string{"--server=" + s.url, "--key=" + s.keys["admin"], "-o", "json"}
	for _, args := range [][]string{{"check", "first", "second"}, {"list"}, {"model", "show"}, {"outcome", "first", "fraud"}} {
		checkLines(t, append(args, where...)...)
	}
	checkLines(t, "keys", "list", "--data="+s.data, "-o", "json")
	checkLines(t, "model", "list", "--predictor-root="+root, "-o", "json")
}

// checkLines wants one object a line, spelt as the API does.
func checkLines(t *testing.T, args ...string) {
	t.Helper()
	code, out, errs := command(t, args...)
	if code != exitDone || out == "" {
		t.Fatalf("%v: exit %d, %s%s", args, code, out, errs)
	}
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) || strings.Contains(line, "fraudProbability") || strings.Contains(line, "ID") {
			t.Errorf("%v: %s", args, line)
		}
	}
}

// TestListPagesThroughEverythingOnce asks for more than one page holds.
func TestListPagesThroughEverythingOnce(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	ask := &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: []string{"first", "second", demoTransaction}}
	if _, err := s.client("admin").BatchGetFraudActivity(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	for _, order := range []fraudactivityv1.Order{fraudactivityv1.Order_ORDER_NEWEST, fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY} {
		seen := map[string]bool{}
		req := &fraudactivityv1.ListFraudActivityRequest{PageSize: 1, Order: order}
		for {
			page, err := s.client("admin").ListFraudActivity(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.FraudActivities {
				if seen[a.TransactionId] || a.Assessment.GetFacts() == nil {
					t.Errorf("%v: %v", order, a)
				}
				seen[a.TransactionId] = true
			}
			if req.PageToken = page.NextPageToken; req.PageToken == "" {
				break
			}
		}
		if len(seen) != 3 {
			t.Errorf("%v: saw %v", order, seen)
		}
	}
	for name, token := range map[string]string{
		"made up":              "AAAA",
		"not base64":           "%%%",
		"of another filter":    firstPageToken(t, s, &fraudactivityv1.Filter{AccountId: "card-1"}),
		"of the right length":  strings.Repeat("A", 32),
		"with trailing spaces": "AAAA  ",
	} {
		_, err := s.client("admin").ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{PageToken: token})
		if err == nil || !strings.Contains(err.Error(), "page_token: must be") {
			t.Errorf("token %s: %v", name, err)
		}
	}
}

func firstPageToken(t *testing.T, s *testServer, filter *fraudactivityv1.Filter) string {
	t.Helper()
	page, err := s.client("admin").ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{Filter: filter, PageSize: 1})
	if err != nil || page.NextPageToken == "" {
		t.Fatalf("%v, %v", page, err)
	}
	return page.NextPageToken
}
