package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/peer"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

func TestAnswersThatDifferBeyondRoundingAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		said, want, rounding float64
		equal                bool
	}{
		"the same":            {.25, .25, 0, true},
		"rounded":             {.000123456789, .0001234567894, rounding, true},
		"rounded by a peer":   {.000123456789, .0001234567894, 0, false},
		"another model":       {.25, .26, rounding, false},
		"not a number":        {math.NaN(), .25, rounding, false},
		"percent for a share": {25, .25, rounding, false},
	} {
		t.Run(name, func(t *testing.T) {
			if w := worst([]float64{.5, c.said}, []float64{.5, c.want}, c.rounding); (w <= tolerance) != c.equal {
				t.Errorf("differs by %g", w)
			}
		})
	}
}

func TestFreshAnswersAreToldFromThoseOfTheRecord(t *testing.T) {
	for name, c := range map[string]struct {
		model, record float64
		perAnswer     int
		fresh         bool
	}{
		"all from the model":      {10_000, 0, 1, true},
		"some callers left":       {10_200, 0, 1, true},
		"one from the record":     {9_999, 1, 1, false},
		"answers without a model": {9_000, 0, 1, false},
		"batches":                 {10_000_000, 0, 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := freshness(result.Cell{
				Callers: 256, PerAnswer: c.perAnswer, Result: load.Result{Answers: 10_000},
				Seen: &result.Seen{FromModel: c.model, FromRecord: c.record},
			})
			if (got == "yes") != c.fresh {
				t.Errorf("got %q", got)
			}
		})
	}
}

// refusal is an error as Connect writes it.
func refusal(t *testing.T, after time.Duration) []byte {
	t.Helper()
	info, err := proto.Marshal(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"code":"resource_exhausted","message":"later","details":[{"type":"google.rpc.ErrorInfo","value":""},{"type":"google.rpc.RetryInfo","value":%q}]}`,
		base64.RawStdEncoding.EncodeToString(info))
}

func TestTheProberKeepsWhatItIsTold(t *testing.T) {
	p := prober{result.Probe{Codes: map[string]int{}}, nil}
	p.add(http.StatusTooManyRequests, refusal(t, 20*time.Millisecond), nil, 3*time.Millisecond)
	p.add(http.StatusTooManyRequests, refusal(t, 30*time.Millisecond), nil, time.Millisecond)
	p.add(http.StatusNotFound, []byte(`{"code":"not_found"}`), nil, time.Second)
	p.add(0, nil, errors.New("refused"), time.Second)
	got := p.summary()
	if fmt.Sprint(got.Codes) != "map[no answer:1 ok:1 resource_exhausted:2]" || !got.RetryInfo || got.RetryAfter != "30ms" || got.RefusedIn != 3 {
		t.Errorf("got %+v", got)
	}
	p.add(http.StatusTooManyRequests, []byte(`{"code":"resource_exhausted"}`), nil, time.Millisecond)
	if p.summary().RetryInfo {
		t.Error("one refusal lacks RetryInfo, and it was not noticed")
	}
}

func TestAnAnswerThatProvesNothingIsRefused(t *testing.T) {
	whole := func() *fraudactivityv1.FraudActivity {
		return &fraudactivityv1.FraudActivity{TransactionId: "a", FraudProbability: 25, Assessment: &fraudactivityv1.Assessment{Facts: &fraudactivityv1.Facts{Amount: 2}}}
	}
	if got, err := toAsked("a", whole()); err != nil || got.probability != .25 || got.row.Amount != 2 || got.facts["amount"] != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, spoil := range map[string]func(*fraudactivityv1.FraudActivity){
		"another's":       func(f *fraudactivityv1.FraudActivity) { f.TransactionId = "b" },
		"no facts":        func(f *fraudactivityv1.FraudActivity) { f.Assessment.Facts = nil },
		"from the record": func(f *fraudactivityv1.FraudActivity) { f.Assessment.FromRecord = true },
	} {
		t.Run(name, func(t *testing.T) {
			answer := whole()
			spoil(answer)
			if got, err := toAsked("a", answer); err == nil {
				t.Errorf("got %+v, want an error", got)
			}
		})
	}
}

func TestFactsAreToldByTheNamesThatModelsAskFor(t *testing.T) {
	got := byName(&fraudactivityv1.Facts{AccountId: "card-1", Amount: 1.5, Currency: "EUR", Time: &timestamppb.Timestamp{Seconds: 2, Nanos: 9}, AgeOfAccount: 3,
		NumberOfTransactions: 4, SecondsSincePrevious: 5, AmountLastHour: 6.5, AmountLastDay: 7.5, AmountLastWeek: 8.5, TransactionsLastWeek: 9})
	want := peer.Facts{"amount": 1.5, "time": 2, "age_of_account": 3, "number_of_transactions": 4, "seconds_since_previous": 5,
		"amount_last_hour": 6.5, "amount_last_day": 7.5, "amount_last_week": 8.5, "transactions_last_week": 9}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for name, value := range (peer.Row{Amount: 1.5, Time: 2, AgeOfAccount: 3, NumberOfTransactions: 4}).Facts() {
		if want[name] != value {
			t.Errorf("a peer is told %s %v, want %v", name, value, want[name])
		}
	}
}
