package rpc

import (
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Wire to fraud and back. Messages have passed their rules before they come
// here.

// percent shows a probability on the public scale, 0 to 100, without the last
// bits' noise: 7, not 7.000000000000001. Rounding keeps the order of values.
func percent(p float64) float64 { return math.Round(p*1e12) / 1e10 }

func toTransaction(t *fraudactivityv1.Transaction, by string) fraud.Transaction {
	return fraud.Transaction{
		ID: t.TransactionId, AccountID: t.AccountId, Amount: t.Amount, Currency: t.Currency,
		Time: fromTimestamp(t.Time), AccountOpenedAt: fromTimestamp(t.AccountOpenedAt), RecordedBy: by,
	}
}

// fromActivity answers in a view. The outcome is not known here.
func fromActivity(a fraud.Assessment, view fraudactivityv1.View) *fraudactivityv1.FraudActivity {
	out := &fraudactivityv1.FraudActivity{
		TransactionId: a.Transaction.ID, PredictedLabel: a.Label, FraudProbability: percent(a.Probability),
	}
	if view == fraudactivityv1.View_VIEW_FULL || view == fraudactivityv1.View_VIEW_EXPLAINED {
		out.Assessment = fromAssessment(a)
	}
	return out
}

func fromAssessment(a fraud.Assessment) *fraudactivityv1.Assessment {
	out := &fraudactivityv1.Assessment{
		ModelVersion: a.ModelVersion, AssessedAt: timestamppb.New(a.AssessedAt),
		Facts: fromFacts(a.Transaction.Facts), FromRecord: a.FromRecord,
	}
	out.Threshold = fromThreshold(a.Threshold)
	return out
}

func fromThreshold(threshold float64) *float64 {
	if math.IsNaN(threshold) {
		return nil
	}
	shown := percent(threshold)
	return &shown
}

func fromFacts(f fraud.Facts) *fraudactivityv1.Facts {
	return &fraudactivityv1.Facts{
		AccountId: f.AccountID, Amount: f.Amount, Currency: f.Currency, Time: timestamppb.New(f.Time),
		AgeOfAccount: f.AgeOfAccount, NumberOfTransactions: f.NumberOfTransactions,
		SecondsSincePrevious: f.SecondsSincePrevious, TransactionsLastWeek: f.TransactionsLastWeek,
		AmountLastHour: f.AmountLastHour, AmountLastDay: f.AmountLastDay, AmountLastWeek: f.AmountLastWeek,
	}
}

func fromReasons(reasons []fraud.Reason) []*fraudactivityv1.Reason {
	out := make([]*fraudactivityv1.Reason, len(reasons))
	for i, r := range reasons {
		out[i] = &fraudactivityv1.Reason{Code: r.Code, Text: r.Text, Contribution: r.Contribution, Value: r.Value}
	}
	return out
}

// The enums of outcomes have the same numbers on the wire and in the store.

func fromOutcome(o fraud.Outcome) *fraudactivityv1.Outcome {
	return &fraudactivityv1.Outcome{
		TransactionId: o.TransactionID, Outcome: fraudactivityv1.OutcomeLabel(o.Label),
		Source: fraudactivityv1.OutcomeSource(o.Source), OccurredAt: timestamppb.New(o.OccurredAt),
		Note: o.Note, ReportedAt: timestamppb.New(o.ReportedAt),
	}
}

func fromModel(m fraud.Model) *fraudactivityv1.Model {
	out := &fraudactivityv1.Model{
		Version: m.Version, Facts: m.Facts, Threshold: fromThreshold(m.Threshold),
		Metrics: m.Metrics, TrainingRows: m.TrainingRows, Explains: m.Explains,
		Calibration: fromCalibration(m.Calibration), RefusedReplacement: m.RefusedReplacement,
	}
	if !m.TrainedAt.IsZero() {
		out.TrainedAt = timestamppb.New(m.TrainedAt)
	}
	return out
}

func fromCalibration(bins []fraud.CalibrationBin) []*fraudactivityv1.CalibrationBin {
	out := make([]*fraudactivityv1.CalibrationBin, len(bins))
	for i, b := range bins {
		out[i] = &fraudactivityv1.CalibrationBin{
			From: percent(b.From), To: percent(b.To), Rows: b.Rows,
			MeanFraudProbability: percent(b.MeanProbability), FraudRate: percent(b.FraudRate),
		}
	}
	return out
}

func fromTimestamp(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}
