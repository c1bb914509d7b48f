package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// assessJob is one run of brrr assess.
type assessJob struct {
	service  client.Client
	recorder *importJob
	part     *partFile
	bar      *progress
}

func newAssessJob(service client.Client, part *partFile, bar *progress) *assessJob {
	return &assessJob{service: service, recorder: &importJob{to: remoteSink{service: service}}, part: part, bar: bar}
}

// askedAtOnce is how many chunks are under way at most: one is recorded, the others
// are assessed.
const askedAtOnce = 4

// askedChunk is a chunk that is being assessed, or waits for those before it.
type askedChunk struct {
	chunk
	answers []assessedRow
	done    chan struct{} // closed once answers are there
}

// file assesses what the part file does not have. Chunks are recorded one after
// the other, since the facts of a row depend on those before it, and assessed
// meanwhile. They reach the part file in order.
func (j *assessJob) file(ctx context.Context, source *source) error {
	lines, err := openLines(source, askedColumns)
	if err != nil {
		return err
	}
	parse, record, err := parseAsked(source.name, lines)
	if err != nil {
		return err
	}
	if err := skip(ctx, lines, j.part.rows); err != nil {
		return err
	}
	j.bar.goesOn(source.read.Load(), j.part.rows)

	group, ctx := errgroup.WithContext(ctx)
	chunks, underWay := make(chan chunk, 2), make(chan *askedChunk, askedAtOnce-2) // one more is with keep, and one with the recorder
	go cut(ctx, source, lines, maxItems, parse, chunks)
	var ended error // why the file ends behind the last row
	group.Go(func() error {
		defer close(underWay)
		for ended == nil {
			var c chunk
			select {
			case c = <-chunks:
			case <-ctx.Done():
				return ctx.Err()
			}
			ended = c.err
			if record {
				if err := j.recorder.record(ctx, c.rows); err != nil {
					return err
				}
			}
			asked := &askedChunk{chunk: c, done: make(chan struct{})}
			select {
			case underWay <- asked:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() (err error) {
				asked.answers, err = j.assess(ctx, c.rows)
				if err == nil {
					close(asked.done)
				}
				return err
			})
		}
		return nil
	})
	group.Go(func() error { return j.keep(ctx, underWay) })
	if err := group.Wait(); err != nil {
		return err
	}
	if errors.Is(ended, io.EOF) {
		return nil
	}
	return ended
}

// skip passes over rows that an earlier run has done.
func skip(ctx context.Context, lines lineReader, rows int) error {
	for range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := lines.next(); err != nil {
			return err
		}
	}
	return nil
}

// keep writes down chunks in the order of the file.
func (j *assessJob) keep(ctx context.Context, underWay <-chan *askedChunk) error {
	for asked := range underWay {
		select {
		case <-asked.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := j.part.add(asked.answers); err != nil {
			return err
		}
		j.bar.at(asked.read, j.part.rows)
	}
	return nil
}

// assess asks about the rows that are not refused yet: an answer, or a reason, for
// each.
func (j *assessJob) assess(ctx context.Context, rows []importRow) ([]assessedRow, error) {
	answers := make([]assessedRow, len(rows))
	var open []int
	for i, row := range rows {
		if row.refused == nil {
			open = append(open, i)
		} else {
			answers[i] = unanswered(row)
		}
	}
	err := patiently(ctx, func() (err error) {
		open, err = j.ask(ctx, rows, open, answers)
		return err
	})
	var failed *rowsFailed
	if errors.As(err, &failed) && !failed.serviceIsToBlame() {
		err = nil // their reasons stand in answers
	}
	return answers, err
}

// ask asks once about the rows at these places. It returns those that are worth a
// repeat, and then why.
func (j *assessJob) ask(ctx context.Context, rows []importRow, places []int, answers []assessedRow) (again []int, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	req := &fraudactivityv1.BatchGetFraudActivityRequest{View: fraudactivityv1.View_VIEW_FULL}
	for _, place := range places {
		req.TransactionIds = append(req.TransactionIds, rows[place].transaction.TransactionId)
	}
	res, err := j.service.BatchGetFraudActivity(ctx, req)
	if err != nil {
		return places, err
	}
	if len(res.Results) != len(places) {
		return nil, fmt.Errorf("the service answered %d results to %d transactions", len(res.Results), len(places))
	}
	failed := &rowsFailed{asked: len(places)}
	for i, r := range res.Results {
		row := rows[places[i]]
		switch e := r.GetError(); {
		case e != nil:
			row.refused = &refusal{e.Reason, e.Message}
			answers[places[i]] = unanswered(row)
			if mayPass(e) {
				again, failed.last = append(again, places[i]), e
			}
		case r.GetFraudActivity() == nil:
			return nil, fmt.Errorf("the service answered nothing to transaction %q", r.TransactionId)
		default:
			answers[places[i]] = answered(row, r.GetFraudActivity())
		}
	}
	if failed.rows = len(again); failed.rows > 0 {
		return again, connect.NewError(connect.CodeUnavailable, failed)
	}
	return nil, nil
}

// mayPass tells whether a row may have an answer if asked about again. What went
// wrong inside may, too: another server may be asked.
func mayPass(e *fraudactivityv1.ItemError) bool {
	return e.Code == connect.CodeInternal.String() || slices.ContainsFunc(passingCodes, func(c connect.Code) bool { return c.String() == e.Code })
}

// rowsFailed are rows of one call that have no answer for a reason that may pass.
type rowsFailed struct {
	asked, rows int
	last        *fraudactivityv1.ItemError
}

func (r *rowsFailed) Error() string {
	return fmt.Sprintf("%d of %d rows have no answer: %s (%s)", r.rows, r.asked, r.last.Message, r.last.Reason)
}

// serviceIsToBlame if none of 8 or more rows is answered, as it says of its hosts.
// Then the run ends, to go on another time. Fewer may be to blame themselves: else
// a row that no model can score would never let a file end.
func (r *rowsFailed) serviceIsToBlame() bool { return r.rows == r.asked && r.asked >= 8 }
