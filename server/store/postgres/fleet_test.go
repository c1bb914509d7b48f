package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

// fleet has each call made through another gateway's store than the one before.
// Whatever the suite says of one store, it says of all that share a database.
type fleet struct {
	stores []*postgres.Store
	calls  atomic.Int64
}

func openFleet(t *testing.T, url string, gateways int) fraud.Store {
	t.Helper()
	f := &fleet{}
	for range gateways {
		f.stores = append(f.stores, open(t, url))
	}
	return f
}

func (f *fleet) next() *postgres.Store { return f.stores[f.calls.Add(1)%int64(len(f.stores))] }

func (f *fleet) Record(ctx context.Context, transactions []fraud.Transaction) ([]fraud.RecordResult, error) {
	return f.next().Record(ctx, transactions)
}

func (f *fleet) LookUp(ctx context.Context, ids []string, modelVersion string) ([]fraud.LookUpResult, error) {
	return f.next().LookUp(ctx, ids, modelVersion)
}

func (f *fleet) RecordAssessments(ctx context.Context, assessments []fraud.Assessment) ([]fraud.Assessment, error) {
	return f.next().RecordAssessments(ctx, assessments)
}

func (f *fleet) List(ctx context.Context, q fraud.Query) (fraud.Page, error) {
	return f.next().List(ctx, q)
}

func (f *fleet) ReportOutcomes(ctx context.Context, outcomes []fraud.Outcome) ([]fraud.OutcomeResult, error) {
	return f.next().ReportOutcomes(ctx, outcomes)
}

func (f *fleet) OutcomeHistory(ctx context.Context, transactionID string, limit int) ([]fraud.Outcome, error) {
	return f.next().OutcomeHistory(ctx, transactionID, limit)
}

func (f *fleet) NewestOutcomes(ctx context.Context, ids []string) (map[string]fraud.Outcome, error) {
	return f.next().NewestOutcomes(ctx, ids)
}

func (f *fleet) ListLabelled(ctx context.Context, after int64, limit int) (fraud.LabelledPage, error) {
	return f.next().ListLabelled(ctx, after, limit)
}

func (f *fleet) Live(ctx context.Context, modelVersion string, outcomes int) (fraud.Live, error) {
	return f.next().Live(ctx, modelVersion, outcomes)
}

func (f *fleet) FeedEnd(ctx context.Context) (fraud.Position, error) { return f.next().FeedEnd(ctx) }

func (f *fleet) FeedAssessments(ctx context.Context, q fraud.Query, span fraud.Span, limit int) ([]fraud.FeedAssessment, error) {
	return f.next().FeedAssessments(ctx, q, span, limit)
}

func (f *fleet) FeedNewest(ctx context.Context, q fraud.Query, span fraud.Span, limit int) (fraud.FeedNewest, error) {
	return f.next().FeedNewest(ctx, q, span, limit)
}

func (f *fleet) FeedOutcomes(ctx context.Context, span fraud.Span, limit int) ([]fraud.FeedOutcome, error) {
	return f.next().FeedOutcomes(ctx, span, limit)
}

func (f *fleet) Summarize(ctx context.Context, buckets fraud.Buckets) ([]fraud.Bucket, error) {
	return f.next().Summarize(ctx, buckets)
}

func (f *fleet) CreateKey(ctx context.Context, key fraud.Key, by string) error {
	return f.next().CreateKey(ctx, key, by)
}

func (f *fleet) CreateFirstKey(ctx context.Context, key fraud.Key, by string) (bool, error) {
	return f.next().CreateFirstKey(ctx, key, by)
}

func (f *fleet) ListKeys(ctx context.Context) ([]fraud.Key, error) { return f.next().ListKeys(ctx) }

func (f *fleet) RevokeKey(ctx context.Context, id string, at time.Time, by string) (bool, error) {
	return f.next().RevokeKey(ctx, id, at, by)
}

func (f *fleet) TouchKeys(ctx context.Context, lastUsed map[string]time.Time) error {
	return f.next().TouchKeys(ctx, lastUsed)
}

func (f *fleet) RecordAct(ctx context.Context, act fraud.Act) error {
	return f.next().RecordAct(ctx, act)
}

func (f *fleet) ListActs(ctx context.Context, q fraud.ActQuery) ([]fraud.Act, error) {
	return f.next().ListActs(ctx, q)
}

func (f *fleet) Check(ctx context.Context) error                   { return f.next().Check(ctx) }
func (f *fleet) Size(ctx context.Context) (fraud.StoreSize, error) { return f.next().Size(ctx) }

func (f *fleet) Failures() (failures uint64) {
	for _, s := range f.stores {
		failures += s.Failures()
	}
	return failures
}

func (f *fleet) Close() error {
	var errs []error
	for _, s := range f.stores {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
