package fraud

import (
	"context"
	"time"
)

// Store is all that the service keeps. Every method is safe for concurrent use,
// takes effect wholly or not at all, is durable once it returns, and compares
// IDs byte by byte. An error returned beside the items is the store's own
// failure: then nothing of the call took effect, and its text is not for
// callers. It is the context's if that ended; *Error with STORE_UNAVAILABLE if
// what the store stands on fails (its disk, a lock of others, damage), so that
// a repeat may succeed later; any other is a mistake of this program's.
type Store interface {
	Transactions
	Assessments
	Outcomes
	Feed
	Summaries
	Keys
	Audit
	Health
	// Close waits for calls under way and releases the store.
	Close() error
}

// Transactions records payments and computes their facts.
type Transactions interface {
	// Record records each transaction and freezes its Facts. Items answer one
	// for one, in order, as if they had arrived one after the other:
	//   - Already false: it is now recorded.
	//   - Already true: the ID is recorded with the same facts; nothing changed.
	//   - Err FACTS_DIFFER: the ID is recorded with other facts; nothing changed.
	Record(ctx context.Context, transactions []Transaction) ([]RecordResult, error)
}

// RecordResult is what became of one transaction.
type RecordResult struct {
	Already bool
	Err     error
}

// Assessments keeps what models said.
type Assessments interface {
	// LookUp finds each ID's transaction and what modelVersion said about it.
	// Items answer one for one, in order; Err is TRANSACTION_UNKNOWN or nil. The
	// same ID may stand more than once.
	LookUp(ctx context.Context, ids []string, modelVersion string) ([]LookUpResult, error)
	// RecordAssessments records one assessment for each pair of transaction and
	// model version. What is recorded first stands: the result holds, one for
	// one and in order, what the record now says, FromRecord set where it was
	// there before. Each pair stands at most once in assessments.
	RecordAssessments(ctx context.Context, assessments []Assessment) ([]Assessment, error)
	// List returns a page of assessments in q's order.
	List(ctx context.Context, q Query) (Page, error)
}

// LookUpResult is what is recorded of one ID.
type LookUpResult struct {
	Transaction Recorded
	Assessment  *Assessment // nil: this model has not assessed it
	Err         error
}

// Order is how a list is sorted.
type Order int8

const (
	OrderNewest      Order = iota // the last assessed first; of equal times, the last recorded
	OrderProbability              // the most probable fraud first; of equal ones, the last recorded
)

// Query chooses assessments. A zero value of a field does not narrow.
type Query struct {
	TransactionID  string
	AccountID      string
	MinProbability *float64 // 0 to 1, inclusive
	MaxProbability *float64 // 0 to 1, inclusive
	Label          *bool
	Outcome        OutcomeLabel // the outcome that stands, fraud or legitimate
	Labelled       *bool        // whether an outcome stands
	From, To       time.Time    // AssessedAt in [From, To)
	Order          Order
	Limit          int     // at least 1
	After          *Cursor // start behind this place
}

// Cursor is a place in a list: that of its last item so far, which need not be kept
// any more when the list goes on.
type Cursor struct {
	Seq         int64
	Probability float64
	AssessedAt  time.Time
}

// Page is a part of a list.
type Page struct {
	Items []Listed
	Next  *Cursor // nil: this is the last page
}

// Listed is an assessment with what the transaction turned out to be.
type Listed struct {
	Assessment Assessment
	Outcome    *Outcome // nil: none stands
}

// Outcomes keeps what transactions turned out to be.
type Outcomes interface {
	// ReportOutcomes adds each outcome to its transaction's history. Items answer
	// one for one, in order, with what is recorded. An outcome equal to one in
	// the history (in label, source, OccurredAt and note) adds nothing and
	// answers with that one. Err is TRANSACTION_UNKNOWN or nil.
	ReportOutcomes(ctx context.Context, outcomes []Outcome) ([]OutcomeResult, error)
	// OutcomeHistory returns the outcomes reported of a transaction, withdrawals
	// too, the newest first: at most limit (at least 1). The error is
	// TRANSACTION_UNKNOWN if there is no such transaction.
	OutcomeHistory(ctx context.Context, transactionID string, limit int) ([]Outcome, error)
	// NewestOutcomes finds the outcome that stands for each transaction ID that
	// has one.
	NewestOutcomes(ctx context.Context, ids []string) (map[string]Outcome, error)
	// ListLabelled returns a page of the transactions whose outcome stands, in
	// the order they were recorded: at most limit (at least 1) of those whose Seq
	// is above after. A page behind the last is empty.
	ListLabelled(ctx context.Context, after int64, limit int) (LabelledPage, error)
	// Live compares what modelVersion said with what came true. Of the newest so
	// many outcomes to arrive it counts those that stand and whose transaction
	// modelVersion has assessed; without any, Calibration is empty.
	Live(ctx context.Context, modelVersion string, outcomes int) (Live, error)
}

// OutcomeResult is what became of one report.
type OutcomeResult struct {
	Outcome Outcome
	Err     error
}

// Labelled is a transaction with what it turned out to be.
type Labelled struct {
	Transaction Recorded
	Outcome     Outcome     // the one that stands
	Assessment  *Assessment // the last one recorded, FromRecord set; nil: none was
}

// LabelledPage is a part of the labelled transactions.
type LabelledPage struct {
	Items []Labelled
	Next  int64 // what the next page is after; 0: this is the last page
}

// Live is how a version of a model did on transactions that were labelled: each
// is a row.
type Live struct {
	Rows          int64
	Frauds        int64 // rows whose outcome is fraud
	Flagged       int64 // rows whose assessment has Label
	FlaggedFrauds int64
	// SquaredGaps sums (probability - truth)² over the rows; truth is 1 for fraud,
	// else 0.
	SquaredGaps float64
	// Calibration has LiveBins bins of equal width: a row belongs to the bin whose
	// number is the whole part of probability × LiveBins, and to the last one
	// where that is LiveBins.
	Calibration []CalibrationBin
}

// LiveBins is how many bins a Live has.
const LiveBins = 10

// Key is what identifies a caller. Its secret is not kept, only the hash.
type Key struct {
	ID         string
	Name       string
	Role       string
	Hash       [32]byte // SHA-256 of the secret
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
	LastUsedAt time.Time // zero: never; may lag by some seconds
}

// Keys keeps the keys of callers.
type Keys interface {
	// CreateKey adds a key, and to the audit log that the actor by did so. Its ID is
	// not in use.
	CreateKey(ctx context.Context, key Key, by string) error
	// CreateFirstKey does the same if there is no key at all, not even a revoked one:
	// of several who call it at once, through whatever processes, one has created its
	// key, and the others nothing.
	CreateFirstKey(ctx context.Context, key Key, by string) (created bool, err error)
	// ListKeys returns every key, revoked and expired ones too, the oldest first.
	ListKeys(ctx context.Context) ([]Key, error)
	// RevokeKey revokes the key for good, and adds to the audit log that the actor
	// by did so. The first time stands, and adds nothing again. found is false if
	// there is no such key.
	RevokeKey(ctx context.Context, id string, at time.Time, by string) (found bool, err error)
	// TouchKeys moves the last use of keys forward, never back. The first use of a
	// key on a day (in UTC) is added to the audit log.
	TouchKeys(ctx context.Context, lastUsed map[string]time.Time) error
}

// Health tells whether a store can keep what it is given.
type Health interface {
	// Check returns nil while calls succeed, and costs nothing then. After one has
	// failed with STORE_UNAVAILABLE it tries, for a second at most, to write
	// something durably. Its error is *Error with STORE_UNAVAILABLE, whose message
	// says for anybody why that cannot be done.
	Check(ctx context.Context) error
	// Size tells how much the store holds. A scraper asks for it every few seconds.
	Size(ctx context.Context) (StoreSize, error)
	// Failures is how many calls have failed with STORE_UNAVAILABLE since it was
	// opened.
	Failures() uint64
}

// StoreSize is how much a store holds.
type StoreSize struct {
	Bytes int64
	Free  *int64 // bytes that what it stands on has left; nil: that is not known
}
