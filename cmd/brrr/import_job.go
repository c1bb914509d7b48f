package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// importJob is one run of brrr import.
type importJob struct {
	to      sink
	opened  map[string]time.Time // by account; nil without an accounts file
	rejects *rejectFile
	began   time.Time

	rows, recorded, already, outcomes int
}

// chunk is what travels in one call: rows in order of arrival, from one file.
type chunk struct {
	rows []importRow
	read int64 // bytes of the file read so far
	err  error // why the file ends behind these rows; io.EOF at its end
}

// file imports one file. Chunks go one after the other, since the facts of a
// row depend on those before it; the next is read meanwhile.
func (j *importJob) file(ctx context.Context, path string, streams streams) error {
	source, err := openSource(path, streams.in)
	if err != nil {
		return err
	}
	defer source.close()
	bar := newProgress(streams.err, source.name, source.size)
	defer bar.finish()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of the reader; one that waits for input is not waited for
	chunks := make(chan chunk, 2)
	go j.read(ctx, source, chunks)
	for before := j.rows; ; {
		var c chunk
		select {
		case c = <-chunks:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := j.send(ctx, source.name, c.rows); err != nil {
			return err
		}
		bar.at(c.read, j.rows-before)
		switch {
		case errors.Is(c.err, io.EOF):
			return nil
		case c.err != nil && j.rows > before:
			return fmt.Errorf("%w; the rows before it are done", c.err)
		case c.err != nil:
			return c.err
		}
	}
}

// read opens a file's lines and cuts them into chunks.
func (j *importJob) read(ctx context.Context, source *source, chunks chan<- chunk) {
	lines, err := openLines(source, transactionColumns)
	if err != nil {
		lines = noLines{err}
	}
	cut(ctx, source, lines, j.to.atOnce(), func(l importLine) importRow { return parseRow(l, j.opened) }, chunks)
}

// cut cuts a file into chunks, until one has an error.
func cut(ctx context.Context, source *source, lines lineReader, size int, parse func(importLine) importRow, chunks chan<- chunk) {
	for {
		c := chunk{}
		for len(c.rows) < size && c.err == nil {
			var l importLine
			if l, c.err = lines.next(); c.err == nil {
				c.rows = append(c.rows, parse(l))
			}
		}
		c.read = source.read.Load()
		select {
		case chunks <- c:
		case <-ctx.Done():
			return
		}
		if c.err != nil {
			return
		}
	}
}

// send records one chunk and reports its labels. What is refused is set aside,
// in the order of the file.
func (j *importJob) send(ctx context.Context, file string, rows []importRow) error {
	err := j.record(ctx, rows)
	if err == nil {
		j.rows += len(rows)
		err = j.label(ctx, rows)
	}
	for _, row := range rows {
		if row.refused == nil {
			continue
		}
		if failed := j.rejects.add(file, row); failed != nil && err == nil {
			err = failed
		}
	}
	return err
}

// record records the rows that could be read.
func (j *importJob) record(ctx context.Context, rows []importRow) error {
	places := make([]int, 0, len(rows))
	transactions := make([]*fraudactivityv1.Transaction, 0, len(rows))
	for i, row := range rows {
		if row.refused == nil {
			places, transactions = append(places, i), append(transactions, row.transaction)
		}
	}
	if len(transactions) == 0 {
		return nil
	}
	results, err := j.to.record(ctx, transactions)
	if err != nil {
		return err
	}
	for i, r := range results {
		switch e := r.GetError(); {
		case e != nil:
			rows[places[i]].refused = &refusal{e.Reason, e.Message}
		case r.GetStatus() == fraudactivityv1.RecordStatus_RECORD_STATUS_ALREADY_RECORDED:
			j.already++
		default:
			j.recorded++
		}
	}
	return nil
}

// label reports the labels of rows that are recorded.
func (j *importJob) label(ctx context.Context, rows []importRow) error {
	places := make([]int, 0, len(rows))
	reports := make([]*fraudactivityv1.ReportOutcomeRequest, 0, len(rows))
	for i, row := range rows {
		if row.refused == nil && row.outcome != nil {
			places, reports = append(places, i), append(reports, row.outcome)
		}
	}
	if len(reports) == 0 {
		return nil
	}
	refused, err := j.to.report(ctx, reports)
	if err != nil {
		return err
	}
	for i, e := range refused {
		if e == nil {
			j.outcomes++
			continue
		}
		rows[places[i]].refused = &refusal{e.Reason, "recorded, but not its label: " + e.Message}
	}
	return nil
}

// notRead is a row that is refused before it is handed in.
func notRead(err error) *refusal { return &refusal{fraud.ReasonInvalidArgument, err.Error()} }
