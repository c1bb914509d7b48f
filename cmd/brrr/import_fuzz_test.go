package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

var allColumns = append(append([]string{}, transactionColumns.needed...), transactionColumns.optional...)

// takesAll is a store that finds every transaction new.
type takesAll struct{ taken []fraud.Transaction }

func (s *takesAll) Record(_ context.Context, ts []fraud.Transaction) ([]fraud.RecordResult, error) {
	s.taken = append(s.taken, ts...)
	return make([]fraud.RecordResult, len(ts)), nil
}

// readAll reads the rows of a text that cannot fail as a whole.
func readAll(t *testing.T, text string) (lines []importLine, rows []importRow) {
	t.Helper()
	r, err := newRowReader("fuzz", strings.NewReader(text), transactionColumns)
	if err != nil {
		t.Fatal(err)
	}
	for {
		l, err := r.next()
		if errors.Is(err, io.EOF) {
			return lines, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		lines, rows = append(lines, l), append(rows, parseRow(l, nil))
	}
}

var idRule = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// checkRow holds a row to this: it is refused with a message; or the rules
// refuse it; or it is a sound payment that reads the same once written again.
func checkRow(t *testing.T, row importRow) {
	t.Helper()
	if row.refused != nil {
		if row.refused.message == "" || row.refused.reason != fraud.ReasonInvalidArgument || row.outcome != nil {
			t.Fatalf("refused: %+v", row)
		}
		return
	}
	var store takesAll
	results, err := rpc.RecordAll(context.Background(), &store, "fuzz", []*fraudactivityv1.Transaction{row.transaction})
	if err != nil || len(results) != 1 {
		t.Fatalf("results %v, error %v", results, err)
	}
	if e := results[0].GetError(); e != nil {
		if e.Reason != fraud.ReasonInvalidArgument || e.Message == "" || len(store.taken) > 0 {
			t.Fatalf("refused by the rules: %v", e)
		}
		return
	}
	taken := store.taken[0]
	if !idRule.MatchString(taken.ID) || !idRule.MatchString(taken.AccountID) || !(taken.Amount > 0) || math.IsInf(taken.Amount, 0) ||
		taken.Time.Unix() < 0 || taken.Time.Year() > 9999 {
		t.Fatalf("taken: %+v", taken)
	}
	label := ""
	if row.outcome != nil {
		label = map[fraudactivityv1.OutcomeLabel]string{1: "fraud", 2: "legitimate"}[row.outcome.Outcome]
		if label == "" || row.outcome.TransactionId != taken.ID || !proto.Equal(row.outcome.OccurredAt, row.transaction.Time) {
			t.Fatalf("outcome: %v", row.outcome)
		}
	}
	opened := ""
	if at := row.transaction.AccountOpenedAt; at != nil {
		opened = at.AsTime().Format(time.RFC3339Nano)
	}
	_, again := readAll(t, strings.Join(allColumns, ",")+"\n"+strings.Join([]string{taken.ID, taken.AccountID,
		fmt.Sprintf("%g", taken.Amount), row.transaction.Time.AsTime().Format(time.RFC3339Nano), taken.Currency, opened, label}, ","))
	if len(again) != 1 || !proto.Equal(again[0].transaction, row.transaction) || !proto.Equal(again[0].outcome, row.outcome) {
		t.Fatalf("%v reads as %v", row, again)
	}
}

func FuzzCSVLine(f *testing.F) {
	for _, seed := range []string{
		"x,a,1,1000,EUR,900,1", "x,a,1e400,1,,,", "x,a,NaN,-1,eur,x,maybe", `"x","a","1","2019-01-01T00:00:00Z",,,"fraud"`, `x,"a`,
		"x,a,0x1p4,1.5,,,0.0", "\xff", "x,a,1", "\r\n\n , ", strings.Repeat("x", 70<<10), "x,a,1,253402300799.9999999,,253402300800,",
		`x,a,1,1,,,"la""bel"`, "x,a,1,1,,,\rfraud", "x,a,1,1969-12-31T23:59:59.9Z,,,", "x\x00,a,1,1,,,",
	} {
		f.Add(seed)
	}
	head := strings.Join(allColumns, ",") + "\n"
	f.Fuzz(func(t *testing.T, text string) {
		lines, rows := readAll(t, head+text)
		for i, row := range rows {
			checkRow(t, row)
			if lines[i].err != nil || strings.Contains(text, "\n") {
				continue
			}
			want, err := csv.NewReader(strings.NewReader(strings.TrimRight(text, "\r"))).Read()
			if err != nil || len(want) != len(allColumns) {
				t.Fatalf("%q is read, though it is %q, %v", text, want, err)
			}
			for place, name := range allColumns {
				if got := lines[i].field(name); got != want[place] {
					t.Fatalf("%s is %q, not %q", name, got, want[place])
				}
			}
		}
	})
}

func FuzzJSONLine(f *testing.F) {
	for _, seed := range []string{
		`{"transaction_id":"x","account_id":"a","amount":1,"time":1000,"currency":"EUR","account_opened_at":"2019-01-01T00:00:00Z","label":1}`,
		`{"transaction_id":"x","account_id":"a","amount":"1e400","time":1546300933000}`, `{"amount":[1]}`, `{"amount":{}}`, `[1]`, `null`,
		`{"amount":1,"amount":2}`, `{"note":{"deep":[[{}]]},"label":null}`, `{} {}`, `{"a":1}x`, `{"transaction_id":"\ud800"}`, "{\"a\":\"\xff\"}",
		`{"transaction_id":"x","account_id":"a","amount":1E2,"time":1.5,"label":true}`, `{"amount":1,}`, `{,}`, `{"amount" 1}`, `{"amount":01}`,
		`{`, `{"transaction_id":`, strings.Repeat(`{"note":`, 10000), `{"\u0061mount":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, rows := readAll(t, "{}\n"+text)
		for i, row := range rows {
			checkRow(t, row)
			if i == 0 || lines[i].err != nil || strings.Contains(text, "\n") {
				continue
			}
			var want map[string]any
			decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
			decoder.UseNumber()
			if err := decoder.Decode(&want); err != nil || want == nil {
				t.Fatalf("%q is read, though it is %v, %v", text, want, err)
			}
			for _, name := range allColumns {
				value := want[name]
				if value == nil {
					value = ""
				}
				if got := lines[i].field(name); got != fmt.Sprint(value) {
					t.Fatalf("%s is %q, not %q", name, got, value)
				}
			}
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"0", "1000", "-1", "-0.5", "1546300933.123456789", "1546300933.1234567899", "1546300933.", ".5", "+5", "1e9", "0x10", "1_000", "NaN",
		"253402300799", "253402300799.999999999", "253402300800", "1546300933000", "99999999999999999999", "",
		"2019-01-01T00:00:00Z", "2019-01-01T00:00:00.123456789+14:00", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59.9-00:01", "0001-01-01T00:00:00Z",
		"2019-01-01", "2019-01-01 00:00:00Z", "2016-12-31T23:59:60Z", "2019-02-30T00:00:00Z", "2019-01-01T00:00:00,5Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTime("time", text)
		if err != nil {
			if got != nil || !strings.HasPrefix(err.Error(), "time: must ") {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		if err := got.CheckValid(); err != nil || got.Seconds < 0 || got.Seconds > lastSecond {
			t.Fatalf("%v, %v", got, err)
		}
		for _, written := range []string{got.AsTime().Format(time.RFC3339Nano), fmt.Sprintf("%d.%09d", got.Seconds, got.Nanos)} {
			if again, err := parseTime("time", written); err != nil || !proto.Equal(again, got) {
				t.Fatalf("%q is %v; written %q it is %v, %v", text, got, written, again, err)
			}
		}
	})
}
