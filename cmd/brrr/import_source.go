package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// source is a file, gunzipped if it is gzipped.
type source struct {
	io.Reader
	name string
	size int64        // 0 if unknown
	read atomic.Int64 // bytes taken from the file so far, before gunzip
	file *os.File     // nil for standard input
}

func openSource(path string, stdin io.Reader) (*source, error) {
	s := &source{name: path}
	var from io.Reader = stdin
	if path == "-" {
		s.name = "standard input"
	} else {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		s.file, from = file, file
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			s.size = info.Size()
		}
	}
	buffered := bufio.NewReaderSize(countingReader{from, &s.read}, 256<<10)
	s.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		gunzipped, err := gzip.NewReader(buffered)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("%s: %w", s.name, gzipError(err))
		}
		s.Reader = gzipReader{gunzipped}
	}
	return s, nil
}

func (s *source) close() {
	if s.file != nil {
		s.file.Close()
	}
}

type countingReader struct {
	io.Reader
	count *atomic.Int64
}

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.count.Add(int64(n))
	return n, err
}

// gzipReader words the errors of a gzip stream.
type gzipReader struct{ *gzip.Reader }

func (r gzipReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	return n, gzipError(err)
}

func gzipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the gzip data is cut off")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("the gzip data is damaged: %w", err)
	}
	return err
}

// readAccounts reads when accounts were opened, from a CSV of account_id and
// opened_at. Unlike in a file of transactions, a bad line ends the import: it
// would silently change the facts of every row of its account.
func readAccounts(path string) (map[string]time.Time, error) {
	if path == "" {
		return nil, nil
	}
	file, err := openSource(path, nil)
	if err != nil {
		return nil, err
	}
	defer file.close()
	lines := &rowReader{name: file.name, lines: bufio.NewReaderSize(file, maxLine)}
	head, err := lines.readLine()
	if err != nil || head != "account_id,opened_at" {
		return nil, fmt.Errorf("%s: the header must be account_id,opened_at", path)
	}
	opened := map[string]time.Time{}
	for {
		line, err := lines.readLine()
		if errors.Is(err, io.EOF) {
			return opened, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, lines.line, err)
		}
		fields, err := csvFields(line)
		if err != nil || len(fields) != 2 {
			return nil, fmt.Errorf("%s: line %d: must have two fields", path, lines.line)
		}
		at, err := parseTime("opened_at", fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, lines.line, err)
		}
		opened[fields[0]] = at.AsTime()
	}
}

// open tells when the row's account was opened, if the row itself does not.
func (j *importJob) open(row *importRow) {
	if row.err != nil || row.transaction.AccountOpenedAt != nil {
		return
	}
	if at, ok := j.opened[row.transaction.AccountId]; ok {
		row.transaction.AccountOpenedAt = timestamppb.New(at)
	}
}
