package main

import (
	"context"
	"fmt"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type outcomeCmd struct {
	remote
	ID         string  `arg:"" help:"ID of a recorded transaction."`
	Outcome    string  `arg:"" help:"fraud, legitimate, or withdrawn: what was reported before is taken back." enum:"fraud,legitimate,withdrawn"`
	Source     string  `help:"Who says so (${enum})." enum:"chargeback,analyst,customer,import" default:"analyst"`
	OccurredAt instant `help:"When it became known: RFC 3339, or 2006-01-02 15:04:05 in UTC. Now, if not given." placeholder:"TIME"`
	Note       string  `help:"Free text."`
	output
}

var outcomeLabels = map[string]fraudactivityv1.OutcomeLabel{
	"fraud":      fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD,
	"legitimate": fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_LEGITIMATE,
	"withdrawn":  fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_WITHDRAWN,
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
	res, err := service.ReportOutcome(ctx, &fraudactivityv1.ReportOutcomeRequest{
		TransactionId: c.ID, Outcome: outcomeLabels[c.Outcome], Source: outcomeSources[c.Source],
		OccurredAt: c.OccurredAt.timestamp(), Note: c.Note,
	})
	if err != nil {
		return err
	}
	if c.json() {
		return printJSON(io.out, res.Outcome)
	}
	fmt.Fprintf(io.out, "%s is recorded as %s (%s, %s UTC).\n", res.Outcome.TransactionId,
		showOutcome(res.Outcome), showSource(res.Outcome), showTime(res.Outcome.OccurredAt))
	return nil
}

func showSource(o *fraudactivityv1.Outcome) string {
	return enumWord(o.Source.String(), "OUTCOME_SOURCE_")
}
