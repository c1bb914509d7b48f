package main

import (
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestNotesAreForThoseWhoMayREAD: what an analyst writes about a transaction is shown to
// nobody who may only ask about it.
func TestNotesAreForThoseWhoMayREAD(t *testing.T) {
	s := startServer(t, "--predictor="+startHost(t, newModelHost("m")))
	s.awaitModel(t)
	s.recordSome(t)
	const note = "the holder is under investigation"
	_, err := s.client("analyst").ReportOutcome(t.Context(), &fraudactivityv1.ReportOutcomeRequest{TransactionId: "first",
		Outcome: fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD, Source: fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST, Note: note})
	if err != nil {
		t.Fatal(err)
	}
	full := fraudactivityv1.View_VIEW_FULL
	for role, reads := range map[string]bool{"client": false, "backend": false, "analyst": true, "admin": true} {
		for protocol, option := range map[string]connect.ClientOption{"gRPC": connect.WithGRPC(), "gRPC-Web": connect.WithGRPCWeb(), "Connect": connect.WithProtoJSON()} {
			c := client.New(s.url, s.keys[role], option)
			one, err := c.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first", View: full})
			if err != nil {
				t.Fatal(err)
			}
			many, err := c.BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: []string{"second", "first"}, View: full})
			if err != nil {
				t.Fatal(err)
			}
			for call, shown := range map[string]*fraudactivityv1.FraudActivity{"Get": one, "BatchGet": many.Results[1].GetFraudActivity()} {
				outcome := shown.GetAssessment().GetOutcome()
				if got := outcome.GetNote() == note; got != reads || strings.Contains(shown.String(), note) != reads {
					t.Errorf("%s as %s over %s: note %q", call, role, protocol, outcome.GetNote())
				}
				if outcome.GetOutcome() != fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD {
					t.Errorf("%s as %s over %s: outcome %v", call, role, protocol, outcome)
				}
			}
		}
	}
}

// TestNobodySetsWhatTheServiceDerives names in requests what answers have, and what the
// store keeps.
func TestNobodySetsWhatTheServiceDerives(t *testing.T) {
	s := startServer(t, noModel)
	s.recordSome(t)
	const given = `"transaction_id":"forged","account_id":"a","amount":1,"time":"2026-01-01T00:00:00Z"`
	for _, c := range []struct{ procedure, before, after string }{
		{"RecordTransactions", `{"transactions":[{` + given + `,`, `}]}`},
		{"RecordTransactions", `{"transactions":[{` + given + `}],`, `}`},
		{"AssessTransaction", `{"transaction":{` + given + `,`, `}}`},
		{"AssessTransaction", `{"transaction":{` + given + `},`, `}`},
		{"ReportOutcome", `{"transaction_id":"first","outcome":"OUTCOME_LABEL_FRAUD","source":"OUTCOME_SOURCE_ANALYST",`, `}`},
		{"GetFraudActivity", `{"transaction_id":"first",`, `}`},
		{"GetCaller", `{`, `}`},
	} {
		for _, property := range []string{
			`"recorded_by":"k"`, `"reported_by":"k"`, `"reported_at":"2026-01-01T00:00:00Z"`, `"assessed_at":"2026-01-01T00:00:00Z"`, `"seq":1`,
			`"facts":{}`, `"number_of_transactions":1`, `"amount_last_week":0`, `"fraud_probability":0`, `"predicted_label":false`, `"model_version":"m"`,
			`"assessment":{}`, `"from_record":true`, `"key_id":"k"`, `"role":"admin"`, `"permissions":["PERMISSION_READ"]`, `"__proto__":{}`,
		} {
			res, body := post1(t, s.url+servicePath+c.procedure, s.keys["admin"], c.before+property+c.after)
			if res.StatusCode != 400 || jsonError(t, body).reason != "INVALID_ARGUMENT" {
				t.Errorf("%s with %s: %s %s", c.procedure, property, res.Status, body)
			}
		}
	}
	_, err := s.client("analyst").ListOutcomes(t.Context(), &fraudactivityv1.ListOutcomesRequest{TransactionId: "forged"})
	wantReason(t, err, connect.CodeNotFound, "TRANSACTION_UNKNOWN")
	reports, err := s.client("analyst").ListOutcomes(t.Context(), &fraudactivityv1.ListOutcomesRequest{TransactionId: "first"})
	if err != nil || len(reports.Outcomes) > 0 {
		t.Errorf("%v, %v", reports, err)
	}
}

// spelt are things that something else than the contract would make something of.
var spelt = []string{
	"' OR '1'='1", `x"; DROP TABLE transactions; --`, "1); DELETE FROM keys; --", "../../../../etc/passwd", `..\..\brrr.db`, "%2e%2e%2f", "file:///etc/passwd",
	"http://169.254.169.254/latest/meta-data", "$(id)", "`id`", "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "a\x00b", "a\r\nX-Header: 1", "*", "_%",
}

// TestWhatCallersSayIsNoStatementNoPathAndNoAddress says such things wherever a request
// has text: an ID is refused by its name, and a note comes back letter by letter.
func TestWhatCallersSayIsNoStatementNoPathAndNoAddress(t *testing.T) {
	s := startServer(t, noModel)
	s.recordSome(t)
	c := s.client("admin")
	for _, text := range spelt {
		transaction := func(id, account string) *fraudactivityv1.Transaction {
			return &fraudactivityv1.Transaction{TransactionId: id, AccountId: account, Amount: 1, Time: at(1_700_000_000)}
		}
		for field, call := range map[string]func() error{
			"transaction_id": func() error {
				_, err := c.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: text})
				return err
			},
			"transaction.transaction_id": func() error {
				_, err := c.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: transaction(text, "a")})
				return err
			},
			"transaction.account_id": func() error {
				_, err := c.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: transaction("t", text)})
				return err
			},
			"filter.transaction_id": func() error {
				_, err := c.ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{Filter: &fraudactivityv1.Filter{TransactionId: text}})
				return err
			},
			"filter.account_id": func() error {
				_, err := c.ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{Filter: &fraudactivityv1.Filter{AccountId: text}})
				return err
			},
			"page_token": func() error {
				_, err := c.ListLabelledTransactions(t.Context(), &fraudactivityv1.ListLabelledTransactionsRequest{PageToken: text})
				return err
			},
		} {
			err := call()
			wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")
			if err == nil || !strings.Contains(err.Error(), field+":") {
				t.Errorf("%q as %s: %v", text, field, err)
			}
		}
		reported, err := c.ReportOutcome(t.Context(), &fraudactivityv1.ReportOutcomeRequest{TransactionId: "first", Note: text,
			Outcome: fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD, Source: fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST})
		if err != nil || reported.Outcome.Note != text {
			t.Errorf("%q: %v, %v", text, reported, err)
		}
	}
	history, err := c.ListOutcomes(t.Context(), &fraudactivityv1.ListOutcomesRequest{TransactionId: "first"})
	if err != nil || len(history.GetOutcomes()) != len(spelt) {
		t.Fatalf("%v, %v", history, err)
	}
	for i, o := range history.Outcomes { // the newest first
		if want := spelt[len(spelt)-1-i]; o.Note != want {
			t.Errorf("%q came back as %q", want, o.Note)
		}
	}
	untouched, err := c.RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: []*fraudactivityv1.Transaction{
		{TransactionId: "first", AccountId: "card-1", Amount: 10, Currency: "EUR", Time: at(1_700_000_000)}}})
	if err != nil || untouched.Results[0].GetStatus() != fraudactivityv1.RecordStatus_RECORD_STATUS_ALREADY_RECORDED {
		t.Errorf("%v, %v", untouched, err)
	}
}
