package main

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// audit looks for all that was acknowledged since the last one, and returns how
// much of it is lost and how much has changed.
func (l *ledger) audit(t *testing.T, service client.Client) (lost, altered int) {
	t.Helper()
	records, assessments, outcomes := l.since()
	l.lost, l.altered = 0, 0
	for some := range slices.Chunk(records, maxItems) {
		l.auditRecords(t, service, some)
	}
	l.auditAssessments(t, service, assessments)
	for _, one := range outcomes {
		l.auditOutcome(t, service, one)
	}
	return l.lost, l.altered
}

func (l *ledger) miss(t *testing.T, format string, args ...any) {
	t.Helper()
	if l.lost++; l.lost <= 5 {
		t.Errorf("lost: "+format, args...)
	}
}

func (l *ledger) change(t *testing.T, format string, args ...any) {
	t.Helper()
	if l.altered++; l.altered <= 5 {
		t.Errorf("altered: "+format, args...)
	}
}

// auditRecords hands the same transactions in once more: the service compares.
func (l *ledger) auditRecords(t *testing.T, service client.Client, some []drilled) {
	t.Helper()
	req := &fraudactivityv1.RecordTransactionsRequest{}
	for _, one := range some {
		req.Transactions = append(req.Transactions, one.Transaction)
	}
	res, err := service.RecordTransactions(context.Background(), req)
	if err != nil {
		t.Fatalf("audit of records: %v", err)
	}
	for _, r := range res.Results {
		switch {
		case r.GetStatus() == fraudactivityv1.RecordStatus_RECORD_STATUS_RECORDED:
			l.miss(t, "the transaction %s", r.TransactionId)
		case r.GetStatus() != fraudactivityv1.RecordStatus_RECORD_STATUS_ALREADY_RECORDED:
			l.change(t, "the transaction %s: %v", r.TransactionId, r.GetError())
		}
	}
}

// auditAssessments reads the record page by page.
func (l *ledger) auditAssessments(t *testing.T, service client.Client, some []acknowledged) {
	t.Helper()
	if len(some) == 0 {
		return
	}
	first := slices.MinFunc(some, func(a, b acknowledged) int { return a.assessedAt.AsTime().Compare(b.assessedAt.AsTime()) })
	record := readRecord(t, service, first.assessedAt)
	for _, one := range some {
		got, found := record[one.TransactionId+" by "+one.version]
		if !found {
			l.miss(t, "the assessment of %s by %s", one.TransactionId, one.version)
			continue
		}
		if err := checkFacts(one.drilled, got.Assessment.Facts); err != nil || !one.same(acknowledge(one.drilled, got)) {
			l.change(t, "the assessment of %s, now %v, was answered as %s; %v", one.TransactionId, got, one, err)
		}
	}
}

// readRecord lists all assessments since then, by transaction and model.
func readRecord(t *testing.T, service client.Client, since *timestamppb.Timestamp) map[string]*fraudactivityv1.FraudActivity {
	t.Helper()
	record := map[string]*fraudactivityv1.FraudActivity{}
	req := &fraudactivityv1.ListFraudActivityRequest{Filter: &fraudactivityv1.Filter{From: since}, PageSize: maxItems}
	for {
		res, err := service.ListFraudActivity(context.Background(), req)
		if err != nil {
			t.Fatalf("audit of assessments: %v", err)
		}
		for _, got := range res.FraudActivities {
			key := got.TransactionId + " by " + got.Assessment.ModelVersion
			if record[key] != nil {
				t.Errorf("%s is in the record twice", key)
			}
			record[key] = got
		}
		if req.PageToken = res.NextPageToken; req.PageToken == "" {
			return record
		}
	}
}

func (l *ledger) auditOutcome(t *testing.T, service client.Client, one *fraudactivityv1.Outcome) {
	t.Helper()
	res, err := service.ListOutcomes(context.Background(), &fraudactivityv1.ListOutcomesRequest{TransactionId: one.TransactionId})
	if err != nil {
		t.Fatalf("audit of outcomes: %v", err)
	}
	if !slices.ContainsFunc(res.Outcomes, func(o *fraudactivityv1.Outcome) bool { return proto.Equal(o, one) }) {
		l.miss(t, "the outcome %v; the history has %v", one, res.Outcomes)
	}
}
