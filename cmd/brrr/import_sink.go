package main

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

// sink takes what is imported: the service, or the store by the same rules.
type sink interface {
	// record answers one for one, in order.
	record(context.Context, []*fraudactivityv1.Transaction) ([]*fraudactivityv1.RecordTransactionsResponse_Result, error)
	// report answers one for one, in order: nil, or why it is refused.
	report(context.Context, []*fraudactivityv1.ReportOutcomeRequest) ([]*fraudactivityv1.ItemError, error)
}

// importer stands in the record as who recorded what was imported locally.
const importer = "import"

type localSink struct{ store fraud.Store }

func (s localSink) record(ctx context.Context, ts []*fraudactivityv1.Transaction) ([]*fraudactivityv1.RecordTransactionsResponse_Result, error) {
	return rpc.RecordAll(ctx, s.store, importer, ts)
}

func (s localSink) report(ctx context.Context, reports []*fraudactivityv1.ReportOutcomeRequest) ([]*fraudactivityv1.ItemError, error) {
	return rpc.ReportAll(ctx, s.store, importer, reports)
}

// Reports travel one by one; the service commits those that wait together.
const reportsAtOnce = 64

type remoteSink struct{ service client.Client }

func (s remoteSink) record(ctx context.Context, ts []*fraudactivityv1.Transaction) ([]*fraudactivityv1.RecordTransactionsResponse_Result, error) {
	var res *fraudactivityv1.RecordTransactionsResponse
	err := patiently(ctx, func() (err error) {
		res, err = s.service.RecordTransactions(ctx, &fraudactivityv1.RecordTransactionsRequest{Transactions: ts})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(res.Results) != len(ts) {
		return nil, fmt.Errorf("the service answered %d results to %d transactions", len(res.Results), len(ts))
	}
	return res.Results, nil
}

func (s remoteSink) report(ctx context.Context, reports []*fraudactivityv1.ReportOutcomeRequest) ([]*fraudactivityv1.ItemError, error) {
	refused := make([]*fraudactivityv1.ItemError, len(reports))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reportsAtOnce)
	for i, report := range reports {
		group.Go(func() error {
			err := patiently(ctx, func() error { _, err := s.service.ReportOutcome(ctx, report); return err })
			switch code := connect.CodeOf(err); {
			case err == nil:
				return nil
			case code == connect.CodeInvalidArgument || code == connect.CodeNotFound:
				refused[i] = &fraudactivityv1.ItemError{Code: code.String(), Reason: client.Reason(err), Message: explain(err).Error()}
				return nil
			}
			return err
		})
	}
	return refused, group.Wait()
}

// patiently asks again, a few times and ever more slowly, while the service is
// busy or away. That is safe: recording and labelling twice changes nothing.
func patiently(ctx context.Context, call func() error) error {
	const tries = 6
	wait := 200 * time.Millisecond
	for try := 1; ; try++ {
		err := call()
		code := connect.CodeOf(err)
		if err == nil || try == tries || code != connect.CodeUnavailable && code != connect.CodeResourceExhausted {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}
