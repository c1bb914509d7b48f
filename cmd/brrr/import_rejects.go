package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// refusal is why a row, or its label, is not taken.
type refusal struct{ reason, message string }

// rejectFile takes what was refused. It is made with the first refusal.
type rejectFile struct {
	path  string
	file  *os.File
	csv   *csv.Writer
	rows  int
	first []string // refusals to show
	err   error
}

// firstRefusals is how many a person is shown; the file has them all.
const firstRefusals = 5

// add returns an error once refusals cannot be written.
func (r *rejectFile) add(file string, row importRow) error {
	if r.file == nil && r.err == nil {
		if r.file, r.err = os.Create(r.path); r.err == nil {
			r.csv = csv.NewWriter(r.file)
			r.err = r.csv.Write([]string{"file", "line", "transaction_id", "reason", "message"})
		}
	}
	r.rows++
	if len(r.first) < firstRefusals {
		r.first = append(r.first, fmt.Sprintf("%s:%d: %s (%s)", file, row.line, row.refused.message, row.refused.reason))
	}
	if r.err == nil {
		r.err = r.csv.Write([]string{file, strconv.Itoa(row.line), row.transaction.GetTransactionId(), row.refused.reason, row.refused.message})
	}
	return cannotReject(r.err)
}

// close returns an error that add has not returned.
func (r *rejectFile) close() error {
	if r.file == nil {
		return nil
	}
	r.csv.Flush()
	err := errors.Join(r.csv.Error(), r.file.Close())
	if r.err != nil {
		return nil
	}
	r.err = err
	return cannotReject(err)
}

func cannotReject(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write refused rows: %w", err)
}

func (r *rejectFile) summarize(w io.Writer) {
	if r.rows == 0 {
		return
	}
	for _, line := range r.first {
		fmt.Fprintln(w, line)
	}
	if more := r.rows - len(r.first); more > 0 {
		fmt.Fprintf(w, "… and %d more\n", more)
	}
	if r.err == nil {
		fmt.Fprintf(w, "refused rows and their reasons: %s\n", r.path)
	}
}
