// Package fraud is the vocabulary of the service: what is recorded, assessed
// and reported, the errors that may come of it, and the contracts between the
// rooms around it. It knows no wire format, no database and no network.
package fraud

import "time"

// Transaction is a payment as a backend hands it in. Its values have passed the
// rules of the public contract.
type Transaction struct {
	ID        string
	AccountID string
	Amount    float64   // in units of Currency; finite, above 0
	Currency  string    // ISO 4217 code, or empty
	Time      time.Time // when it happened; kept to the microsecond
	// AccountOpenedAt counts on the account's first transaction only. Zero: the
	// account opens at that transaction's time.
	AccountOpenedAt time.Time
	RecordedBy      string // ID of the key that hands it in
}

// SameFacts reports whether two transactions of one ID are the same payment, at
// the precision that is recorded. AccountOpenedAt belongs to the account and
// does not count.
func (t Transaction) SameFacts(o Transaction) bool {
	return t.AccountID == o.AccountID && t.Amount == o.Amount && t.Currency == o.Currency &&
		t.Time.UnixMicro() == o.Time.UnixMicro()
}

// Facts are what a model may be told about a transaction. They are computed
// once, when the transaction is recorded, and never change.
type Facts struct {
	AccountID string
	Amount    float64
	Currency  string
	Time      time.Time // UTC, whole microseconds
	// AgeOfAccount is in whole seconds from the account's opening to Time, at
	// least 0, capped at the largest int32.
	AgeOfAccount int32
	// NumberOfTransactions counts the account's transactions, this one included,
	// that were recorded with a time not after this one's when this one was. The
	// facts below are over these transactions, too.
	NumberOfTransactions int32
	// SecondsSincePrevious is in whole seconds from the latest of the others to
	// Time, capped at the largest int32; without others it is AgeOfAccount.
	SecondsSincePrevious int32
	// AmountLastHour, AmountLastDay and AmountLastWeek sum up the amounts of the
	// 3,600, 86,400 and 604,800 seconds up to Time, this one's included and one of
	// exactly that long before not; capped at the largest double.
	AmountLastHour float64
	AmountLastDay  float64
	AmountLastWeek float64
	// TransactionsLastWeek counts those that AmountLastWeek sums up, capped at the
	// largest int32.
	TransactionsLastWeek int32
}

// Recorded is a transaction as the store holds it.
type Recorded struct {
	Seq   int64 // the store's own number of the transaction, above 0; of later ones it is larger
	ID    string
	Facts Facts
}

// Assessment is what one version of a model said about a transaction. It is
// immutable.
type Assessment struct {
	Transaction  Recorded
	ModelVersion string
	Label        bool    // whether the model flags the transaction as fraud
	Probability  float64 // 0 to 1
	Threshold    float64 // 0 to 1; NaN if the model does not publish it
	AssessedAt   time.Time
	AssessedBy   string // ID of the key that asked
	// FromRecord tells that the answer was recorded before it was asked for.
	// It is not stored.
	FromRecord bool
}

// OutcomeLabel is what a transaction turned out to be.
type OutcomeLabel int8

// The values are stored; they never change their meaning.
const (
	OutcomeUnknown    OutcomeLabel = 0
	OutcomeFraud      OutcomeLabel = 1
	OutcomeLegitimate OutcomeLabel = 2
	// OutcomeWithdrawn is reported to take back what was reported before: while it
	// is the newest, no outcome stands. It is in histories alone.
	OutcomeWithdrawn OutcomeLabel = 3
)

// OutcomeSource is who says what a transaction turned out to be.
type OutcomeSource int8

// The values are stored; they never change their meaning.
const (
	SourceChargeback OutcomeSource = 1
	SourceAnalyst    OutcomeSource = 2
	SourceCustomer   OutcomeSource = 3
	SourceImport     OutcomeSource = 4
)

// Outcome is one report of what a transaction turned out to be. The history is
// kept; the one with the newest OccurredAt stands (ties: the last to arrive).
type Outcome struct {
	TransactionID string
	Label         OutcomeLabel
	Source        OutcomeSource
	OccurredAt    time.Time // when it became known; kept to the microsecond
	Note          string
	ReportedAt    time.Time // when the store took it
	ReportedBy    string    // ID of the key that reported
}

// Model describes the model now serving.
type Model struct {
	Version      string
	Facts        []string // names of the facts it reads
	Threshold    float64  // 0 to 1; NaN if it is not published
	Metrics      map[string]float64
	TrainedAt    time.Time // zero if unknown
	TrainingRows int64     // 0 if unknown
	Batches      bool      // answers many rows in one call
	Explains     bool
	// Calibration is promise and truth on the data the model was tested with when
	// it was trained; empty if it does not publish them.
	Calibration []CalibrationBin
	// RefusedReplacement is why the model that was to replace this one is refused;
	// empty if none is.
	RefusedReplacement string
}

// CalibrationBin compares promise and truth over some of the scored rows. All
// but Rows are 0 to 1.
type CalibrationBin struct {
	From, To        float64 // probabilities from From on and below To; in the last bin, 1 too
	Rows            int64
	MeanProbability float64 // 0 without rows
	FraudRate       float64 // 0 without rows
}

// Prediction is a model's answer about one row: Err, or the rest.
type Prediction struct {
	Label       bool
	Probability float64 // 0 to 1
	Err         error
}

// Predictions are a model's answers about many rows, in their order. One
// version of the model made all of them.
type Predictions struct {
	ModelVersion string
	Threshold    float64 // 0 to 1; NaN if it is not published
	Rows         []Prediction
}

// Reason is one signed contribution to a score.
type Reason struct {
	Code         string  // stable, upper snake case
	Text         string  // for a person, with the unit of Value
	Contribution float64 // log-odds; above 0 speaks for fraud
	Value        float64
}

// Explanation is why a model said what it said about one row: Err, or the
// strongest reason first.
type Explanation struct {
	Reasons []Reason
	Err     error
}

// Explanations are those of many rows, in their order.
type Explanations struct {
	ModelVersion string
	Rows         []Explanation
}
