package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// lineReader reads a file line by line, whatever its format. A Parquet file's
// lines are its rows.
type lineReader interface {
	// next returns the next line, or io.EOF. Any other error ends the file.
	next() (importLine, error)
	// has tells which of these the file has: a CSV by its header, NDJSON by
	// its first line.
	has(names ...string) ([]string, error)
}

// openLines tells the format by how the file begins.
func openLines(from *source, columns importColumns) (lineReader, error) {
	begin := make([]byte, len(parquetMagic))
	if from.size > 0 {
		if _, err := from.file.ReadAt(begin, 0); err == nil && bytes.Equal(begin, []byte(parquetMagic)) {
			return newParquetReader(from, columns)
		}
	}
	if strings.EqualFold(filepath.Ext(from.name), ".parquet") {
		return nil, fmt.Errorf("%s: is named Parquet, but does not begin as such", from.name)
	}
	return newRowReader(from.name, from, columns)
}

// has is true to the first line: NDJSON has no header.
func (r *rowReader) has(names ...string) (found []string, err error) {
	there := func(name string) bool { _, ok := r.places[name]; return ok }
	if r.places == nil {
		field, err := r.split(r.first)
		if err != nil {
			return nil, r.failed(fmt.Errorf("%w; the first line tells which columns there are", err))
		}
		there = func(name string) bool { return field(name) != "" }
	}
	for _, name := range names {
		if there(name) {
			found = append(found, name)
		}
	}
	return found, nil
}

// noLines is a file that could not be opened.
type noLines struct{ error }

func (n noLines) next() (importLine, error)       { return importLine{}, n.error }
func (n noLines) has(...string) ([]string, error) { return nil, n.error }
