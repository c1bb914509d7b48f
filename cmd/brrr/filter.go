package main

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// filterFlags narrow what is listed or watched. Every condition given must hold.
type filterFlags struct {
	Transaction string   `help:"Assessments of this transaction only."`
	Account     string   `help:"Assessments of this account's transactions only."`
	Min         *float64 `help:"Least fraud probability, in percent."`
	Max         *float64 `help:"Greatest fraud probability, in percent."`
	Label       string   `help:"What the model said (${enum})." enum:"any,fraud,legitimate" default:"any"`
	Outcome     string   `help:"What it turned out to be (${enum})." enum:"any,fraud,legitimate" default:"any"`
	Labelled    bool     `help:"Only those of which an outcome stands." xor:"labelled"`
	Unlabelled  bool     `help:"Only those of which none stands." xor:"labelled"`
	From        instant  `help:"Assessed at this time or later: RFC 3339, or 2006-01-02 15:04:05 in UTC, as tables show it." placeholder:"TIME"`
	To          instant  `help:"Assessed before this time." placeholder:"TIME"`
}

func (f filterFlags) filter() *fraudactivityv1.Filter {
	filter := &fraudactivityv1.Filter{
		TransactionId: f.Transaction, AccountId: f.Account,
		MinFraudProbability: f.Min, MaxFraudProbability: f.Max, Outcome: outcomeLabels[f.Outcome],
		From: f.From.timestamp(), To: f.To.timestamp(),
	}
	if f.Label != "any" {
		flagged := f.Label == "fraud"
		filter.PredictedLabel = &flagged
	}
	if f.Labelled || f.Unlabelled {
		filter.Labelled = &f.Labelled
	}
	return filter
}

// instant is a time as people write it.
type instant time.Time

// UnmarshalText reads RFC 3339, or what tables show.
func (m *instant) UnmarshalText(text []byte) error {
	for _, form := range []string{time.RFC3339, momentForm, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(form, string(text)); err == nil {
			*m = instant(t)
			return nil
		}
	}
	return fmt.Errorf("must be a time such as 2026-01-02T15:04:05Z, or 2026-01-02 or 2026-01-02 15:04:05 in UTC, not %q", text)
}

// timestamp is nil if no time was given.
func (m instant) timestamp() *timestamppb.Timestamp {
	if time.Time(m).IsZero() {
		return nil
	}
	return timestamppb.New(time.Time(m))
}
