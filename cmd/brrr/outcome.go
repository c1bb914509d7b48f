package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type outcomeCmd struct {
	remote
	ID         string    `arg:"" help:"ID of a recorded transaction."`
	Outcome    string    `arg:"" help:"fraud or legitimate." enum:"fraud,legitimate"`
	Source     string    `help:"Who says so." enum:"chargeback,analyst,customer,import" default:"analyst"`
	OccurredAt time.Time `help:"When it became known (RFC 3339). Now, if not given."`
	Note       string    `help:"Free text."`
}

var outcomeSources = map[string]fraudactivityv1.OutcomeSource{
	"chargeback": fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CHARGEBACK,
	"analyst":    fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST,
	"customer":   fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CUSTOMER,
	"import":     fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_IMPORT,
}

func (c *outcomeCmd) Run(ctx context.Context, io streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	req := &fraudactivityv1.ReportOutcomeRequest{
		TransactionId: c.ID, Outcome: outcomeLabels[c.Outcome], Source: outcomeSources[c.Source], Note: c.Note,
	}
	if !c.OccurredAt.IsZero() {
		req.OccurredAt = timestamppb.New(c.OccurredAt)
	}
	res, err := service.ReportOutcome(ctx, req)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s is recorded as %s (%s, %s).\n", res.Outcome.TransactionId,
		enumWord(res.Outcome.Outcome.String(), "OUTCOME_LABEL_"),
		enumWord(res.Outcome.Source.String(), "OUTCOME_SOURCE_"), showTime(res.Outcome.OccurredAt))
	return nil
}
