package main

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetMagic is how a Parquet file begins.
const parquetMagic = "PAR1"

// parquetReader reads the columns of a Parquet file that are asked for, as the
// text that a CSV would have in their place.
type parquetReader struct {
	from    *source
	groups  []parquet.RowGroup // not yet begun
	leaves  map[string]parquetLeaf
	columns map[string]*parquetColumn // of the group that is being read
	left    int64                     // rows of it
	number  int                       // of the row last read
	rows    int64                     // in the file
}

// parquetLeaf is where a column stands in a row group, and how it is told.
type parquetLeaf struct {
	index int
	text  func(parquet.Value) (string, error)
}

func newParquetReader(from *source, columns importColumns) (_ *parquetReader, err error) {
	defer damaged(&err, from.name)
	file, err := parquet.OpenFile(from.file, from.size)
	if err != nil {
		return nil, fmt.Errorf("%s: the Parquet file is cut off or damaged: %w", from.name, err)
	}
	r := &parquetReader{from: from, groups: file.RowGroups(), leaves: map[string]parquetLeaf{}, rows: file.NumRows()}
	for _, field := range file.Schema().Fields() {
		name := field.Name()
		if !columns.has(name) {
			continue
		}
		leaf, ok := file.Schema().Lookup(name)
		if !ok || leaf.MaxRepetitionLevel > 0 {
			return nil, fmt.Errorf("%s: the column %s must have one value a row", from.name, name)
		}
		text, err := parquetText(leaf.Node.Type())
		if err != nil {
			return nil, fmt.Errorf("%s: the column %s: %w", from.name, name, err)
		}
		r.leaves[name] = parquetLeaf{leaf.ColumnIndex, text}
	}
	for _, name := range columns.needed {
		if _, ok := r.leaves[name]; !ok {
			return nil, fmt.Errorf("%s: lacks the column %s", from.name, name)
		}
	}
	return r, nil
}

func (r *parquetReader) has(names ...string) (found []string, err error) {
	for _, name := range names {
		if _, ok := r.leaves[name]; ok {
			found = append(found, name)
		}
	}
	return found, nil
}

// next is a row: its number is its place in the file, from 1.
func (r *parquetReader) next() (l importLine, err error) {
	defer damaged(&err, r.from.name)
	for r.left == 0 {
		if err := r.begin(); err != nil {
			return l, err
		}
	}
	r.left--
	r.number++
	r.from.read.Store(int64(float64(r.from.size) * float64(r.number) / float64(r.rows)))
	l.number = r.number
	fields := make(map[string]string, len(r.columns))
	for name, column := range r.columns {
		value, err := column.next()
		if err != nil {
			return l, fmt.Errorf("%s: row %d: the column %s is cut off or damaged: %w", r.from.name, r.number, name, err)
		}
		if value.IsNull() {
			continue
		}
		if fields[name], err = r.leaves[name].text(value); err != nil && l.err == nil {
			l.err = fmt.Errorf("%s: %w", name, err)
		}
	}
	l.field = func(name string) string { return fields[name] }
	return l, nil
}

// begin goes on to the next row group, or returns io.EOF.
func (r *parquetReader) begin() error {
	for _, column := range r.columns {
		column.pages.Close()
	}
	r.columns = nil
	if len(r.groups) == 0 {
		return io.EOF
	}
	group := r.groups[0]
	r.groups, r.left, r.columns = r.groups[1:], group.NumRows(), map[string]*parquetColumn{}
	chunks := group.ColumnChunks()
	for name, leaf := range r.leaves {
		r.columns[name] = &parquetColumn{pages: chunks[leaf.index].Pages()}
	}
	return nil
}

// parquetColumn reads one column of a row group, page by page.
type parquetColumn struct {
	pages  parquet.Pages
	values parquet.ValueReader // of the page that is being read
	buffer [256]parquet.Value
	ready  []parquet.Value // of the buffer, not yet returned
}

func (c *parquetColumn) next() (parquet.Value, error) {
	for len(c.ready) == 0 {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err != nil {
				return parquet.Value{}, unexpectedEnd(err)
			}
			c.values = page.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.ready = c.buffer[:n]
		switch {
		case errors.Is(err, io.EOF), err == nil && n == 0:
			c.values = nil
		case err != nil:
			return parquet.Value{}, err
		}
	}
	value := c.ready[0]
	c.ready = c.ready[1:]
	return value, nil
}

// unexpectedEnd: rows are counted beforehand, so that no column ends by itself.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// damaged makes an error of a panic: the library trusts in what the file says of
// itself.
func damaged(err *error, name string) {
	if e := recover(); e != nil {
		*err = fmt.Errorf("%s: the Parquet file is damaged: %v", name, e)
	}
}

// parquetText tells how values of a type read as text: numbers in full, times as
// seconds since 1970. A time without a zone is in UTC.
func parquetText(of parquet.Type) (func(parquet.Value) (string, error), error) {
	if logical := of.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.NullType: // a column of nulls alone
			return func(parquet.Value) (string, error) { return "", nil }, nil
		case *format.TimestampType:
			return timestampText(l.Unit.Value.Duration()), nil
		case *format.DecimalType:
			return decimalText(int(l.Scale)), nil
		case *format.IntType:
			if !l.IsSigned {
				return unsignedText, nil
			}
		case *format.StringType, *format.EnumType:
		default:
			return nil, fmt.Errorf("values of the type %v are not read", of)
		}
	}
	switch of.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) (string, error) { return strconv.FormatBool(v.Boolean()), nil }, nil
	case parquet.Int32, parquet.Int64:
		return decimalText(0), nil
	case parquet.Float:
		return func(v parquet.Value) (string, error) { return exactly(float64(v.Float())), nil }, nil
	case parquet.Double:
		return func(v parquet.Value) (string, error) { return exactly(v.Double()), nil }, nil
	case parquet.ByteArray:
		return utf8Text, nil
	}
	return nil, fmt.Errorf("values of the type %v are not read", of)
}

func unsignedText(v parquet.Value) (string, error) {
	if v.Kind() == parquet.Int32 {
		return strconv.FormatUint(uint64(v.Uint32()), 10), nil
	}
	return strconv.FormatUint(v.Uint64(), 10), nil
}

func utf8Text(v parquet.Value) (string, error) {
	if text := v.ByteArray(); utf8.Valid(text) {
		return string(text), nil
	}
	return "", errors.New("the text is not valid UTF-8")
}

func timestampText(unit time.Duration) func(parquet.Value) (string, error) {
	return decimalText(len(strconv.FormatInt(int64(time.Second/unit), 10)) - 1)
}

// decimalText is of whole numbers that stand for decimals of so many digits behind
// the point.
func decimalText(scale int) func(parquet.Value) (string, error) {
	return func(v parquet.Value) (string, error) {
		switch v.Kind() {
		case parquet.Int32:
			return decimal(big.NewInt(int64(v.Int32())), scale), nil
		case parquet.Int64:
			return decimal(big.NewInt(v.Int64()), scale), nil
		}
		return decimal(twosComplement(v.ByteArray()), scale), nil
	}
}

// decimal writes a number of so many digits behind the point.
func decimal(n *big.Int, scale int) string {
	digits := new(big.Int).Abs(n).String()
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	text := digits[:len(digits)-scale]
	if part := strings.TrimRight(digits[len(digits)-scale:], "0"); part != "" {
		text += "." + part
	}
	if n.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// twosComplement reads a whole number, its highest byte first.
func twosComplement(bytes []byte) *big.Int {
	n := new(big.Int).SetBytes(bytes)
	if len(bytes) > 0 && bytes[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
	}
	return n
}
