package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
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
}

// file imports one file. Chunks go one after the other, since the facts of a
// row depend on those before it; the next is read meanwhile.
func (j *importJob) file(ctx context.Context, path string, streams streams) error {
	source, err := openSource(path, streams.in)
	if err != nil {
		return err
	}
	defer source.close()
	rows, err := newRowReader(source.name, source)
	if err != nil {
		return err
	}
	bar := newProgress(streams.err, source.name, source.size)
	defer bar.finish()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	chunks := make(chan chunk, 2)
	var readErr error
	go func() {
		defer close(chunks)
		readErr = j.read(ctx, rows, source, chunks)
	}()
	for c := range chunks {
		if err := j.send(ctx, source.name, c.rows); err != nil {
			cancel()
			for range chunks { // until the reader has seen it
			}
			return err
		}
		bar.at(c.read, j.rows)
	}
	if err := ctx.Err(); err != nil && readErr == nil {
		return err
	}
	return readErr
}

// read cuts a file into chunks. What was read before an error is sent.
func (j *importJob) read(ctx context.Context, rows *rowReader, source *source, chunks chan<- chunk) error {
	for {
		var c chunk
		var err error
		for len(c.rows) < maxItems && err == nil {
			var row importRow
			if row, err = rows.next(); err == nil {
				j.open(&row)
				c.rows = append(c.rows, row)
			}
		}
		c.read = source.read.Load()
		if len(c.rows) > 0 {
			select {
			case chunks <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// send records one chunk and reports its labels, refused rows set aside.
func (j *importJob) send(ctx context.Context, file string, rows []importRow) error {
	j.rows += len(rows)
	good := rows[:0:0]
	var transactions []*fraudactivityv1.Transaction
	for _, row := range rows {
		if row.err != nil {
			j.rejects.add(file, row, "INVALID_ARGUMENT", row.err.Error())
			continue
		}
		good, transactions = append(good, row), append(transactions, row.transaction)
	}
	if len(good) == 0 {
		return j.rejects.err
	}
	results, err := j.to.record(ctx, transactions)
	if err != nil {
		return err
	}
	labelled := good[:0:0]
	for i, r := range results {
		switch e := r.GetError(); {
		case e != nil:
			j.rejects.add(file, good[i], e.Reason, e.Message)
			continue
		case r.GetStatus() == fraudactivityv1.RecordStatus_RECORD_STATUS_ALREADY_RECORDED:
			j.already++
		default:
			j.recorded++
		}
		if good[i].outcome != nil {
			labelled = append(labelled, good[i])
		}
	}
	if err := j.label(ctx, file, labelled); err != nil {
		return err
	}
	return j.rejects.err
}

func (j *importJob) label(ctx context.Context, file string, rows []importRow) error {
	if len(rows) == 0 {
		return nil
	}
	reports := make([]*fraudactivityv1.ReportOutcomeRequest, len(rows))
	for i := range rows {
		reports[i] = rows[i].outcome
	}
	refused, err := j.to.report(ctx, reports)
	if err != nil {
		return err
	}
	for i, e := range refused {
		if e != nil {
			j.rejects.add(file, rows[i], e.Reason, "label: "+e.Message)
			continue
		}
		j.outcomes++
	}
	return nil
}

// rejectFile takes what was refused. It is made with the first refusal.
type rejectFile struct {
	path string
	file *os.File
	csv  *csv.Writer
	rows int
	err  error
}

func (r *rejectFile) add(file string, row importRow, reason, message string) {
	if r.file == nil && r.err == nil {
		if r.file, r.err = os.Create(r.path); r.err == nil {
			r.csv = csv.NewWriter(r.file)
			r.csv.Write([]string{"file", "line", "transaction_id", "reason", "message"})
		}
	}
	r.rows++
	if r.err == nil {
		r.err = r.csv.Write([]string{file, strconv.Itoa(row.line), row.transaction.GetTransactionId(), reason, message})
	}
}

func (r *rejectFile) close() error {
	if r.file == nil {
		return r.err
	}
	r.csv.Flush()
	if err := errors.Join(r.err, r.csv.Error(), r.file.Close()); err != nil {
		return fmt.Errorf("write refused rows to %s: %w", r.path, err)
	}
	return nil
}
