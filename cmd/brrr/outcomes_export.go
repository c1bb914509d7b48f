package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type outcomesCmd struct {
	Export  outcomesExportCmd  `cmd:"" help:"Write all labelled transactions as CSV, to train and to evaluate models on."`
	History outcomesHistoryCmd `cmd:"" help:"Show every report about one transaction, the one that stands first."`
}

type outcomesExportCmd struct {
	remote
	// Not from the environment: other commands have a BRRR_OUTPUT that is no file.
	Output string `help:"File to write, whole or not at all; gzipped if its name ends in .gz. - is standard output." default:"-" type:"path" env:"-"`
}

// Help is what --help shows besides. Kong calls it.
func (outcomesExportCmd) Help() string {
	return `One line for each transaction that has an outcome, in order of recording.

The facts are those of the API, as frozen when the transaction was recorded; time is in
seconds since 1970. label is 1 for fraud and 0 for legitimate, by the newest outcome.
fraud_probability and threshold are 0 to 1 here, where the API has percentages; they and
what follows are of the last assessment, and empty if there is none.

  python -m predictor train --data FILE
  python -m predictor evaluate --data FILE`
}

// Run exports page by page. What is labelled meanwhile may be in it or not.
func (c *outcomesExportCmd) Run(ctx context.Context, streams streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	bar, where := newProgress(streams.err, "outcomes", 0), "standard output"
	rows := 0
	write := func(to io.Writer) (err error) {
		rows, err = export(ctx, service, to, bar)
		return err
	}
	if c.Output == "-" {
		err = write(streams.out)
	} else {
		where = c.Output
		err = exportFile(c.Output, write)
	}
	bar.finish()
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("interrupted; run the same command again")
	case err != nil:
		return err
	}
	fmt.Fprintf(streams.err, "%d labelled transactions, to %s\n", rows, where)
	return nil
}

func export(ctx context.Context, service client.Client, to io.Writer, bar *progress) (rows int, err error) {
	lines := csv.NewWriter(to)
	if err := lines.Write(exportHead()); err != nil {
		return 0, err
	}
	req := &fraudactivityv1.ListLabelledTransactionsRequest{PageSize: maxItems}
	for {
		var page *fraudactivityv1.ListLabelledTransactionsResponse
		err := patiently(ctx, func() (err error) {
			page, err = service.ListLabelledTransactions(ctx, req)
			return err
		})
		if err != nil {
			return rows, err
		}
		for _, l := range page.LabelledTransactions {
			if err := lines.Write(exportLine(l)); err != nil {
				return rows, err
			}
		}
		rows += len(page.LabelledTransactions)
		bar.at(0, rows)
		if req.PageToken = page.NextPageToken; req.PageToken == "" {
			lines.Flush()
			return rows, lines.Error()
		}
	}
}
