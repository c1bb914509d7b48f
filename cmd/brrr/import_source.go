package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const bufferSize = 256 << 10

// source is a file, gunzipped if it is gzipped. Nothing is read of it before
// the first Read.
type source struct {
	name string
	size int64        // 0 if unknown
	read atomic.Int64 // bytes taken from the file so far, before gunzip
	from io.Reader
	file *os.File // nil for standard input
	open bool     // the first Read has been
	err  error    // what came of it
}

func openSource(path string, stdin io.Reader) (*source, error) {
	if path == "-" {
		return &source{name: "standard input", from: stdin}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &source{name: path, from: file, file: file}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		s.size = info.Size()
	}
	return s, nil
}

func (s *source) Read(p []byte) (int, error) {
	if !s.open {
		s.open, s.err = true, s.start()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.from.Read(p)
	return n, gzipError(err)
}

// start tells whether the file is gzipped.
func (s *source) start() error {
	buffered := bufio.NewReaderSize(countingReader{s.from, &s.read}, bufferSize)
	s.from = buffered
	if magic, _ := buffered.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return nil
	}
	if s.size > 0 {
		if err := verify(s.name); err != nil {
			return err
		}
	}
	gunzipped, err := gzip.NewReader(buffered)
	s.from = gunzipped
	return gzipError(err)
}

// verify gunzips a whole file before a row of it is recorded for good: damage
// shows at its end only, and until then in rows that look like any other. A
// file that is cut off is sound as far as it goes.
func verify(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	gunzipped, err := gzip.NewReader(bufio.NewReaderSize(file, bufferSize))
	if err == nil {
		_, err = io.Copy(io.Discard, gunzipped)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return gzipError(err)
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

// gzipError words the errors of a gzip stream.
func gzipError(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the gzip data is cut off")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return fmt.Errorf("the gzip data is damaged: %w", err)
	}
	return err
}

var accountColumns = importColumns{needed: []string{"account_id", "opened_at"}}

// readAccounts reads when accounts were opened. Unlike in a file of
// transactions, a bad line ends the import: it would silently change the facts
// of every row of its account.
func readAccounts(path string, stdin io.Reader) (map[string]time.Time, error) {
	if path == "" {
		return nil, nil
	}
	file, err := openSource(path, stdin)
	if err != nil {
		return nil, err
	}
	defer file.close()
	lines, err := openLines(file, accountColumns)
	if err != nil {
		return nil, err
	}
	opened := map[string]time.Time{}
	for {
		l, err := lines.next()
		if errors.Is(err, io.EOF) {
			return opened, nil
		}
		if err != nil {
			return nil, err
		}
		if err := addAccount(opened, l); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", file.name, l.number, err)
		}
	}
}

func addAccount(opened map[string]time.Time, l importLine) error {
	if l.err != nil {
		return l.err
	}
	id := l.field("account_id")
	if id == "" {
		return errors.New("account_id: must not be empty")
	}
	at, err := parseTime("opened_at", l.field("opened_at"))
	if err != nil {
		return err
	}
	if before, twice := opened[id]; twice && !before.Equal(at.AsTime()) {
		return fmt.Errorf("account_id: %.40q has another opened_at above", id)
	}
	opened[id] = at.AsTime()
	return nil
}
