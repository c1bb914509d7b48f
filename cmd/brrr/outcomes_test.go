package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

const (
	labelFraud      = fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD
	labelLegitimate = fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_LEGITIMATE
)

// startLabelled starts a server with three payments of one account, of which the
// first two are assessed and the first, relabelled, and the last are labelled.
// A fourth, of another account, is labelled and has odd values.
func startLabelled(t *testing.T, flags ...string) *testServer {
	t.Helper()
	s := startServer(t, flags...)
	s.awaitModel(t)
	s.recordSome(t)
	_, err := s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: []*fraudactivityv1.Transaction{{
		TransactionId: "odd", AccountId: "card:2", Amount: 1234567.1, Time: &timestamppb.Timestamp{Seconds: 1_700_000_000, Nanos: 50_000},
		AccountOpenedAt: at(1_699_999_000)}}})
	if err != nil {
		t.Fatal(err)
	}
	s.check(t, "first", "second")
	s.label(t, "first", labelFraud, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CUSTOMER, &timestamppb.Timestamp{Seconds: 1_700_100_000, Nanos: 250_000_000})
	s.label(t, "first", labelLegitimate, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_IMPORT, at(1_700_050_000)) // older: it does not stand
	s.label(t, demoTransaction, labelLegitimate, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST, at(1_700_200_000))
	s.label(t, "odd", labelFraud, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CHARGEBACK, at(1_700_300_000))
	return s
}

func (s *testServer) check(t *testing.T, ids ...string) {
	t.Helper()
	res, err := s.client("client").BatchGetFraudActivity(t.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Results {
		if r.GetError() != nil {
			t.Fatal(r)
		}
	}
}

func (s *testServer) label(t *testing.T, id string, outcome fraudactivityv1.OutcomeLabel, source fraudactivityv1.OutcomeSource, occurred *timestamppb.Timestamp) {
	t.Helper()
	_, err := s.client("analyst").ReportOutcome(t.Context(), &fraudactivityv1.ReportOutcomeRequest{
		TransactionId: id, Outcome: outcome, Source: source, OccurredAt: occurred})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLabelledTransactionsComePageByPageWithTheLastAssessment(t *testing.T) {
	s := startLabelled(t, "--predictor="+startHost(t, newModelHost("host-1")))
	analyst := s.client("analyst")
	req := &fraudactivityv1.ListLabelledTransactionsRequest{PageSize: 1}
	var found []*fraudactivityv1.LabelledTransaction
	for {
		page, err := analyst.ListLabelledTransactions(t.Context(), req)
		if err != nil || len(page.LabelledTransactions) > 1 {
			t.Fatalf("%v, %v", page, err)
		}
		found = append(found, page.LabelledTransactions...)
		if req.PageToken = page.NextPageToken; req.PageToken == "" {
			break
		}
	}
	for i, want := range []struct {
		id       string
		outcome  fraudactivityv1.OutcomeLabel
		assessed bool
	}{{"first", labelFraud, true}, {demoTransaction, labelLegitimate, false}, {"odd", labelFraud, false}} {
		if len(found) != 3 {
			t.Fatalf("found %v", found)
		}
		l := found[i]
		if l.TransactionId != want.id || l.Outcome.GetOutcome() != want.outcome || l.Facts.GetAmount() == 0 || (l.FraudActivity != nil) != want.assessed {
			t.Errorf("%v, want %v", l, want)
		}
	}
	if a := found[0].FraudActivity; a.TransactionId != "first" || a.FraudProbability != 7 || !a.PredictedLabel || a.Assessment.GetModelVersion() != "host-1" ||
		a.Assessment.GetThreshold() != 5 || !a.Assessment.FromRecord || a.Assessment.Facts != nil || a.Assessment.Outcome != nil {
		t.Errorf("assessment %v", a)
	}
}

func TestPageTokensOfLabelledTransactionsAreTheirOwn(t *testing.T) {
	s := startLabelled(t, "--predictor="+startHost(t, newModelHost("host-1")))
	analyst := s.client("analyst")
	page, err := analyst.ListLabelledTransactions(t.Context(), &fraudactivityv1.ListLabelledTransactionsRequest{PageSize: 1})
	if err != nil || page.NextPageToken == "" {
		t.Fatalf("%v, %v", page, err)
	}
	_, err = analyst.ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{PageToken: page.NextPageToken})
	wantReason(t, err, connect.CodeInvalidArgument, "INVALID_ARGUMENT")
	for name, req := range map[string]*fraudactivityv1.ListLabelledTransactionsRequest{
		"of the other list": {PageToken: firstPageToken(t, s, nil)},
		"made up":           {PageToken: "AAAA"},
		"too large a page":  {PageSize: 1001},
	} {
		_, err := analyst.ListLabelledTransactions(t.Context(), req)
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnExportHasALineForEachLabelledTransaction(t *testing.T) {
	s := startLabelled(t, "--predictor="+startHost(t, newModelHost("host-1")))
	t.Setenv("BRRR_SERVER", s.url)
	t.Setenv("BRRR_KEY", s.keys["analyst"])
	t.Setenv("BRRR_OUTPUT", "json") // for other commands
	full, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first", View: fraudactivityv1.View_VIEW_FULL})
	if err != nil {
		t.Fatal(err)
	}
	want := "transaction_id,account_id,amount,currency,time,age_of_account,number_of_transactions,seconds_since_previous," +
		"amount_last_hour,amount_last_day,amount_last_week,transactions_last_week,label,outcome_source,outcome_occurred_at," +
		"fraud_probability,predicted_label,threshold,model_version,assessed_at\n" +
		"first,card-1,10,EUR,1700000000,0,1,0,10,10,10,1,1,customer,2023-11-16T02:00:00.25Z,0.07,1,0.05,host-1," + moment(full.Assessment.AssessedAt) + "\n" +
		demoTransaction + ",card-1,12,EUR,1700007200,7200,3,3600,12,33,33,3,0,analyst,2023-11-17T05:46:40Z,,,,,\n" +
		"odd,card:2,1234567.1,,1700000000.00005,1000,1,1000,1234567.1,1234567.1,1234567.1,1,1,chargeback,2023-11-18T09:33:20Z,,,,,\n"

	code, out, errs := command(t, "outcomes", "export")
	if code != exitDone || out != want || !strings.Contains(errs, "3 labelled transactions, to standard output") {
		t.Errorf("exit %d, %s\n%s\nwant\n%s", code, errs, out, want)
	}
	plain, zipped := filepath.Join(t.TempDir(), "out.csv"), filepath.Join(t.TempDir(), "out.csv.gz")
	for _, path := range []string{plain, plain, zipped} { // the second time it replaces the file
		if code, out, errs := command(t, "outcomes", "export", "--output="+path); code != exitDone || out != "" || readFile(t, path) != want {
			t.Errorf("%s: exit %d, %s%s\n%s", path, code, out, errs, readFile(t, path))
		}
	}
	if code, _, errs := command(t, "outcomes", "export", "--key="+s.keys["client"]); code != exitFailed || !strings.Contains(errs, "READ") {
		t.Errorf("without READ: exit %d, %s", code, errs)
	}
}

// readFile reads a file whole, unzipped if its name ends in .gz.
func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		zip, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = io.ReadAll(zip); err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

func TestAnExportThatFailsLeavesWhatWasThere(t *testing.T) {
	s := startServer(t, noModel)
	folder := t.TempDir()
	path := filepath.Join(folder, "out.csv")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(folder, "link")
	if err := os.Symlink("/dev/null", pipe); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		args []string
		says string
	}{
		"refused":        {t.Context(), []string{"--output=" + path, "--key=" + s.keys["client"]}, "READ"},
		"interrupted":    {ctx, []string{"--output=" + path, "--key=" + s.keys["admin"]}, "interrupted"},
		"not a file":     {t.Context(), []string{"--output=" + pipe, "--key=" + s.keys["admin"]}, "not a file"},
		"no such folder": {t.Context(), []string{"--output=" + filepath.Join(folder, "none", "out.csv"), "--key=" + s.keys["admin"]}, "no such file or directory"},
	} {
		var out, errs bytes.Buffer
		code := run(c.ctx, append([]string{"outcomes", "export", "--server=" + s.url}, c.args...), streams{nil, &out, &errs})
		if code != exitFailed || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%s: exit %d, %s", name, code, errs.String())
		}
	}
	if left, _ := os.ReadDir(folder); len(left) != 2 || readFile(t, path) != "old" {
		t.Errorf("left %v", left)
	}
}

func TestExportedNumbersReadAsTheSame(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.1: "0.1", 1234567: "1234567", 0.30000000000000004: "0.30000000000000004",
		1e-6: "0.000001", 1e-7: "1e-07", 1e20: "100000000000000000000", 1e21: "1e+21", math.MaxFloat64: "1.7976931348623157e+308"} {
		if got := exactly(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
		if back, err := strconv.ParseFloat(exactly(x), 64); err != nil || back != x {
			t.Errorf("%v came back as %v, %v", x, back, err)
		}
	}
	for want, time := range map[string]*timestamppb.Timestamp{
		"0": at(0), "1700000000": at(1_700_000_000), "1700000000.5": {Seconds: 1_700_000_000, Nanos: 500_000_000},
		"1700000000.000001": {Seconds: 1_700_000_000, Nanos: 1000}, "253402300799.999999": {Seconds: 253402300799, Nanos: 999_999_000},
	} {
		if got := epoch(time); got != want {
			t.Errorf("%v: %s, want %s", time, got, want)
		}
	}
}
