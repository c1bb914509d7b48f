package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
	// atOnce is how many rows a call takes.
	atOnce() int
	fmt.Stringer // where the rows go
}

// importer stands in the record as who recorded what was imported locally.
const importer = "import"

type localSink struct {
	store fraud.Store
	name  string
}

// atOnce is four times what the service takes: a larger commit writes fewer
// pages twice. Still larger ones would keep a service on the same file waiting.
func (localSink) atOnce() int { return 4 * maxItems }

func (s localSink) String() string { return s.name }

func (s localSink) record(ctx context.Context, ts []*fraudactivityv1.Transaction) ([]*fraudactivityv1.RecordTransactionsResponse_Result, error) {
	return rpc.RecordAll(ctx, s.store, importer, ts)
}

func (s localSink) report(ctx context.Context, reports []*fraudactivityv1.ReportOutcomeRequest) ([]*fraudactivityv1.ItemError, error) {
	return rpc.ReportAll(ctx, s.store, importer, reports)
}

// Reports travel one by one; the service commits those that wait together.
const reportsAtOnce = 64

type remoteSink struct {
	service client.Client
	name    string
}

func (remoteSink) atOnce() int { return maxItems }

func (s remoteSink) String() string { return s.name }

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
		group.Go(func() (err error) {
			refused[i], err = s.reportOne(ctx, report)
			return err
		})
	}
	return refused, group.Wait()
}

// reportOne returns an error for what would befall every other report, too.
func (s remoteSink) reportOne(ctx context.Context, report *fraudactivityv1.ReportOutcomeRequest) (*fraudactivityv1.ItemError, error) {
	err := patiently(ctx, func() error { _, err := s.service.ReportOutcome(ctx, report); return err })
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return nil, err
	}
	switch failed.Code() {
	case connect.CodeInvalidArgument, connect.CodeNotFound:
		return &fraudactivityv1.ItemError{Code: failed.Code().String(), Reason: client.Reason(err), Message: failed.Message()}, nil
	case connect.CodePermissionDenied:
		return nil, fmt.Errorf("report labels: %s", explain(err)) // the transactions are recorded
	}
	return nil, err
}

// passingCodes are those of calls that may be answered if made again.
var passingCodes = []connect.Code{connect.CodeUnavailable, connect.CodeResourceExhausted, connect.CodeDeadlineExceeded}

// passes tells whether a call may be answered if made again: also if the answer
// broke off, or the connection was reset, which HTTP/2 calls cancelled.
func passes(ctx context.Context, err error) bool {
	code := connect.CodeOf(err)
	return slices.Contains(passingCodes, code) || errors.Is(err, io.ErrUnexpectedEOF) ||
		code == connect.CodeCanceled && ctx.Err() == nil && !connect.IsWireError(err)
}

// patiently asks again, a few times and ever more slowly, while the service is
// busy, away or too slow, and not before it says. That is safe: recording, labelling and
// assessing twice changes nothing.
func patiently(ctx context.Context, call func() error) error {
	const tries = 6
	wait := 200 * time.Millisecond
	for try := 1; ; try++ {
		err := call()
		if err == nil || try == tries || !passes(ctx, err) {
			return err
		}
		told, _ := client.RetryAfter(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(wait, told)):
		}
		wait *= 2
	}
}
