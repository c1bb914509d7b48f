package rpc

import (
	"context"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

type batchResult = fraudactivityv1.BatchGetFraudActivityResponse_Result

// BatchGetFraudActivity assesses many recorded transactions: an answer or an
// error for each.
func (s *service) BatchGetFraudActivity(ctx context.Context, req *fraudactivityv1.BatchGetFraudActivityRequest) (*fraudactivityv1.BatchGetFraudActivityResponse, error) {
	results := make([]*batchResult, len(req.TransactionIds))
	by := scopeOf(ctx).caller.KeyID
	var asks []assess.Ask
	var asked []int // by ask: its place in results
	one := &fraudactivityv1.GetFraudActivityRequest{}
	for i, id := range req.TransactionIds {
		results[i] = &batchResult{TransactionId: id}
		one.TransactionId = id
		if err := check(one); err != nil {
			results[i].Result = itemFailed(ctx, err)
			continue
		}
		asks, asked = append(asks, assess.Ask{ID: id, By: by}), append(asked, i)
	}
	answers, err := s.Assessor.AssessMany(ctx, by, asks)
	if err != nil {
		return nil, err
	}
	var got []fraud.Assessment
	var gotAt []int
	for i, answer := range answers {
		if answer.Err != nil {
			results[asked[i]].Result = itemFailed(ctx, answer.Err)
			continue
		}
		got, gotAt = append(got, answer.Out), append(gotAt, asked[i])
	}
	shown, errs := s.showAll(ctx, got, req.View)
	for i, at := range gotAt {
		if errs[i] != nil {
			results[at].Result = itemFailed(ctx, errs[i])
			continue
		}
		results[at].Result = &fraudactivityv1.BatchGetFraudActivityResponse_Result_FraudActivity{FraudActivity: shown[i]}
	}
	return &fraudactivityv1.BatchGetFraudActivityResponse{Results: results}, nil
}

func itemFailed(ctx context.Context, err error) *fraudactivityv1.BatchGetFraudActivityResponse_Result_Error {
	return &fraudactivityv1.BatchGetFraudActivityResponse_Result_Error{Error: toItemError(ctx, err)}
}
