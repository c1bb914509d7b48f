package rpc

import (
	"context"
	"fmt"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

type recordResult = fraudactivityv1.RecordTransactionsResponse_Result

// RecordTransactions records many transactions: a status or an error for each.
func (s *service) RecordTransactions(ctx context.Context, req *fraudactivityv1.RecordTransactionsRequest) (*fraudactivityv1.RecordTransactionsResponse, error) {
	results, err := RecordAll(ctx, s.Recorder, scopeOf(ctx).caller.KeyID, req.Transactions)
	if err != nil {
		return nil, err
	}
	return &fraudactivityv1.RecordTransactionsResponse{Results: results}, nil
}

// RecordAll records transactions by the rules of the contract, in the name of
// by: a status or an error for each, in order. The error beside them is the
// store's: then nothing was recorded.
func RecordAll(ctx context.Context, store fraud.Transactions, by string, wire []*fraudactivityv1.Transaction) ([]*recordResult, error) {
	results := make([]*recordResult, len(wire))
	transactions := make([]fraud.Transaction, 0, len(wire))
	handed := make([]int, 0, len(wire)) // by transaction: its place in results
	for i, t := range wire {
		results[i] = &recordResult{TransactionId: t.GetTransactionId()}
		if err := check(t); err != nil {
			results[i].Result = &fraudactivityv1.RecordTransactionsResponse_Result_Error{Error: toItemError(ctx, err)}
			continue
		}
		transactions, handed = append(transactions, toTransaction(t, by)), append(handed, i)
	}
	recorded, err := store.Record(ctx, transactions)
	if err != nil {
		return nil, fmt.Errorf("record transactions: %w", err)
	}
	for i, r := range recorded {
		if r.Err != nil {
			results[handed[i]].Result = &fraudactivityv1.RecordTransactionsResponse_Result_Error{Error: toItemError(ctx, r.Err)}
			continue
		}
		results[handed[i]].Result = &fraudactivityv1.RecordTransactionsResponse_Result_Status{Status: status(r)}
	}
	return results, nil
}

func status(r fraud.RecordResult) fraudactivityv1.RecordStatus {
	if r.Already {
		return fraudactivityv1.RecordStatus_RECORD_STATUS_ALREADY_RECORDED
	}
	return fraudactivityv1.RecordStatus_RECORD_STATUS_RECORDED
}
