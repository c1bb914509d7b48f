package main

import (
	"bytes"
	"compress/gzip"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// FuzzAccountsFile reads any bytes, gzipped or not, as a file of accounts: a table
// of moments that transactions can have, or one error that tells where.
func FuzzAccountsFile(f *testing.F) {
	for _, text := range []string{
		"account_id,opened_at\na,1000\nb,2019-01-01T00:00:00Z\n", "account_id,opened_at\na,1000\na,1000.0\n", "account_id,opened_at\na,1000\na,1001\n",
		"opened_at,account_id,note\r\n1,\"a,b\",x\r\n", "account_id,opened_at\n,1\n", "account_id,opened_at\na,1e9\n", "account_id,opened_at\na,-1\n",
		"account_id\na\n", "account_id,account_id,opened_at\n", "", "\n\n", "\xef\xbb\xbf", "\xef\xbb\xbfaccount_id,opened_at\na,1\n", "[", "\xff", `{"account_id":"a","opened_at":"1"}`,
		`{"account_id":"a","opened_at":253402300800}` + "\n{}", "account_id,opened_at\n\"a,1\n", strings.Repeat("x", 70<<10), "account_id,opened_at\na,253402300799.9999999999\n",
	} {
		f.Add([]byte(text))
		zipped := packed(f, text)
		f.Add(zipped)
		f.Add(zipped[:len(zipped)-5])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		opened, err := readAccounts("-", bytes.NewReader(data))
		if err != nil {
			if opened != nil || !strings.Contains(err.Error(), "standard input") && !strings.Contains(err.Error(), "gzip") || len(err.Error()) > 2000 {
				t.Fatalf("%v beside %.3000v", opened, err)
			}
			return
		}
		if opened == nil {
			t.Fatal("neither accounts nor an error")
		}
		for id, at := range opened {
			if id == "" || at.Unix() < 0 || at.Unix() > lastSecond {
				t.Fatalf("%q is opened at %s", id, at)
			}
		}
	})
}

func packed(f *testing.F, text string) []byte {
	f.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
		f.Fatal(err)
	}
	return out.Bytes()
}

// FuzzOutcomeRow writes whatever a service answers as a row of an export: every
// column is there, and what is a number or a moment reads as the same again.
func FuzzOutcomeRow(f *testing.F) {
	at, threshold := timestamppb.New(time.Unix(1_700_000_000, 123_456_000)), 50.0
	for _, amount := range []float64{1, 0.1, 1e-7, 1e21, 5e-324, math.MaxFloat64, math.NaN(), math.Inf(-1), math.Copysign(0, -1)} {
		addRow(f, &labelled{TransactionId: "a,\"b\"\n", Facts: &fraudactivityv1.Facts{Amount: amount, AmountLastDay: amount, Time: at},
			Outcome:       &fraudactivityv1.Outcome{Outcome: 1, Source: 2, OccurredAt: at},
			FraudActivity: &fraudactivityv1.FraudActivity{FraudProbability: amount, Assessment: &fraudactivityv1.Assessment{Threshold: &threshold, AssessedAt: at}}})
	}
	for _, far := range []*timestamppb.Timestamp{nil, {}, {Nanos: 999_999_999}, {Seconds: lastSecond}, {Seconds: math.MaxInt64}, {Seconds: math.MinInt64, Nanos: -1}} {
		addRow(f, &labelled{Facts: &fraudactivityv1.Facts{Time: far}, Outcome: &fraudactivityv1.Outcome{Outcome: 99, Source: -1, OccurredAt: far}, FraudActivity: &fraudactivityv1.FraudActivity{}})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var row labelled
		if proto.Unmarshal(data, &row) != nil {
			return
		}
		line := exportLine(&row)
		if len(line) != len(exportHead()) {
			t.Fatalf("%d fields under %d names", len(line), len(exportHead()))
		}
		cell := map[string]string{}
		for i, name := range exportHead() {
			cell[name] = line[i]
		}
		wantNumber(t, cell["amount"], row.GetFacts().GetAmount())
		wantNumber(t, cell["amount_last_day"], row.GetFacts().GetAmountLastDay())
		if when := row.GetFacts().GetTime(); when.IsValid() && when.Seconds >= 0 {
			again, err := parseTime("time", cell["time"])
			if want := when.AsTime().Truncate(time.Microsecond); err != nil || !again.AsTime().Equal(want) {
				t.Fatalf("%s is written %q, which is %v, %v", want, cell["time"], again, err)
			}
		}
		if label := cell["label"]; (label == "1") != (row.GetOutcome().GetOutcome() == fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD) || label != "1" && label != "0" {
			t.Fatalf("%v is labelled %q", row.GetOutcome(), label)
		}
		if row.FraudActivity == nil && cell["fraud_probability"]+cell["predicted_label"]+cell["model_version"]+cell["assessed_at"] != "" {
			t.Fatalf("nobody assessed %v", line)
		}
	})
}

func addRow(f *testing.F, row *labelled) {
	f.Helper()
	data, err := proto.Marshal(row)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
}

func wantNumber(t *testing.T, text string, want float64) {
	t.Helper()
	got, err := strconv.ParseFloat(text, 64)
	if err != nil || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Fatalf("%v is written %q, which is %v, %v", want, text, got, err)
	}
}
