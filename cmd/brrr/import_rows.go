package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line. A longer one is refused and passed over.
const maxLine = 64 << 10

// importColumns are what is read of a file. Others may be there.
type importColumns struct{ needed, optional []string }

func (c importColumns) has(name string) bool {
	return slices.Contains(c.needed, name) || slices.Contains(c.optional, name)
}

// importLine is one line of a file: err, or its fields by name. A field that is not
// there is empty.
type importLine struct {
	number int
	field  func(name string) string
	err    error
}

// rowReader reads CSV or NDJSON line by line, so that a bad line fails alone. A
// quoted CSV field may not hold a line break.
type rowReader struct {
	name    string
	columns importColumns
	lines   *bufio.Reader
	number  int    // of the line last read
	first   string // NDJSON: the line that told the format, not yet returned

	split  func(text string) (func(string) string, error) // a line to its fields by name
	places map[string]int                                 // CSV: where a line has a field
	width  int                                            // CSV: fields in a line
}

// newRowReader looks at the first line to tell the format.
func newRowReader(name string, from io.Reader, columns importColumns) (*rowReader, error) {
	r := &rowReader{name: name, columns: columns, lines: bufio.NewReaderSize(from, maxLine)}
	if bom, _ := r.lines.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		r.lines.Discard(3)
	}
	text, err := r.readLine()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: the file is empty", name)
	case errors.Is(err, errLineTooLong), errors.Is(err, errNotUTF8):
		return nil, r.failed(err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch strings.TrimSpace(text)[0] {
	case '{':
		r.first, r.split = text, r.splitJSON
		return r, nil
	case '[':
		return nil, fmt.Errorf("%s: must be one JSON object a line, not an array", name)
	}
	r.split = r.splitCSV
	if err := r.readHead(text); err != nil {
		return nil, r.failed(err)
	}
	return r, nil
}

func (r *rowReader) readHead(text string) error {
	names, err := csvFields(text)
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	r.places, r.width = map[string]int{}, len(names)
	for i, name := range names {
		if _, twice := r.places[name]; twice && r.columns.has(name) {
			return fmt.Errorf("header: the column %s stands twice", name)
		}
		r.places[name] = i
	}
	for _, name := range r.columns.needed {
		if _, ok := r.places[name]; !ok {
			return fmt.Errorf("header: lacks the column %s; it has %.200q", name, text)
		}
	}
	return nil
}

// next returns the next line that is not blank, or io.EOF. Any other error ends
// the file.
func (r *rowReader) next() (importLine, error) {
	text, err := r.first, error(nil)
	if r.first = ""; text == "" {
		text, err = r.readLine()
	}
	l := importLine{number: r.number}
	switch {
	case errors.Is(err, errLineTooLong), errors.Is(err, errNotUTF8):
		l.err = err
	case errors.Is(err, io.EOF):
		return l, err
	case err != nil:
		return l, r.failed(err)
	default:
		l.field, l.err = r.split(text)
	}
	return l, nil
}

func (r *rowReader) failed(err error) error {
	return fmt.Errorf("%s: line %d: %w", r.name, r.number, err)
}

var (
	errLineTooLong = fmt.Errorf("the line is longer than %d bytes", maxLine)
	errNotUTF8     = errors.New("the line is not valid UTF-8")
)

// readLine returns the next line that is not blank, without its end.
func (r *rowReader) readLine() (string, error) {
	for {
		r.number++
		raw, err := r.lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return "", r.passOver()
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(raw) == 0) {
			return "", err
		}
		if raw = bytes.TrimRight(raw, "\r\n"); len(bytes.TrimSpace(raw)) > 0 {
			if !utf8.Valid(raw) {
				return "", errNotUTF8
			}
			return string(raw), nil
		}
	}
}

// passOver reads to the end of a line that is too long.
func (r *rowReader) passOver() error {
	for {
		_, err := r.lines.ReadSlice('\n')
		switch {
		case err == nil, errors.Is(err, io.EOF):
			return errLineTooLong
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

func (r *rowReader) splitCSV(text string) (func(string) string, error) {
	fields, err := csvFields(text)
	if err != nil {
		return nil, err
	}
	if len(fields) != r.width {
		return nil, fmt.Errorf("the line has %d fields, the header %d", len(fields), r.width)
	}
	return func(name string) string {
		if i, ok := r.places[name]; ok {
			return fields[i]
		}
		return ""
	}, nil
}

func csvFields(text string) ([]string, error) {
	if !strings.Contains(text, `"`) {
		return strings.Split(text, ","), nil
	}
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		err = bad.Err // its line and column are of this line alone
	}
	return fields, err
}
