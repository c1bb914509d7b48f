package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// maxLine bounds a line. A longer one is refused and passed over.
const maxLine = 64 << 10

// importRow is one row of a file: err, or a transaction and its label.
type importRow struct {
	line        int
	transaction *fraudactivityv1.Transaction
	outcome     *fraudactivityv1.ReportOutcomeRequest // nil: no label
	err         error
}

// rowReader reads CSV or NDJSON line by line, so that a bad line fails alone. A
// quoted CSV field may not hold a line break.
type rowReader struct {
	name    string
	lines   *bufio.Reader
	line    int
	columns map[string]int                                 // CSV: name of a field to its place
	width   int                                            // CSV: fields in a line
	split   func(line string) (func(string) string, error) // a line to its fields by name
}

var needed = []string{"transaction_id", "account_id", "amount", "time"}

// newRowReader looks at the first line to tell the format.
func newRowReader(name string, from io.Reader) (*rowReader, error) {
	r := &rowReader{name: name, lines: bufio.NewReaderSize(from, maxLine)}
	if bom, _ := r.lines.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		r.lines.Discard(3)
	}
	first, err := r.lines.Peek(1)
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is empty", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if first[0] == '{' {
		r.split = splitJSON
		return r, nil
	}
	r.split = r.splitCSV
	return r, r.readHead()
}

func (r *rowReader) readHead() error {
	line, err := r.readLine()
	if err != nil {
		return fmt.Errorf("%s: read the header: %w", r.name, err)
	}
	names, err := csvFields(line)
	if err != nil {
		return fmt.Errorf("%s: header: %w", r.name, err)
	}
	r.columns, r.width = map[string]int{}, len(names)
	for i, name := range names {
		if _, twice := r.columns[name]; twice {
			return fmt.Errorf("%s: the column %q stands twice in the header", r.name, name)
		}
		r.columns[name] = i
	}
	for _, name := range needed {
		if _, ok := r.columns[name]; !ok {
			return fmt.Errorf("%s: the header lacks the column %q", r.name, name)
		}
	}
	return nil
}

// next returns the next row that is not blank, or io.EOF. Any other error ends
// the file.
func (r *rowReader) next() (importRow, error) {
	for {
		line, err := r.readLine()
		var tooLong *lineTooLong
		if errors.As(err, &tooLong) {
			return importRow{line: r.line, err: err}, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return importRow{}, fmt.Errorf("%s: line %d: %w", r.name, r.line, err)
		}
		if strings.TrimSpace(line) == "" {
			if err != nil {
				return importRow{}, err
			}
			continue
		}
		return r.parse(line), nil
	}
}

type lineTooLong struct{}

func (*lineTooLong) Error() string { return fmt.Sprintf("the line is longer than %d bytes", maxLine) }

// readLine returns a line without its end.
func (r *rowReader) readLine() (string, error) {
	r.line++
	raw, err := r.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.lines.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", &lineTooLong{}
	}
	if errors.Is(err, io.EOF) && len(raw) > 0 {
		err = nil // the last line may lack its end
	}
	return string(bytes.TrimRight(raw, "\r\n")), err
}

func (r *rowReader) parse(line string) importRow {
	row := importRow{line: r.line}
	if !utf8.ValidString(line) {
		row.err = errors.New("the line is not valid UTF-8")
		return row
	}
	field, err := r.split(line)
	if err != nil {
		row.err = err
		return row
	}
	row.transaction, row.err = parseTransaction(field)
	if row.err == nil {
		row.outcome, row.err = parseLabel(field("label"), row.transaction)
	}
	return row
}

func (r *rowReader) splitCSV(line string) (func(string) string, error) {
	fields, err := csvFields(line)
	if err != nil {
		return nil, err
	}
	if len(fields) != r.width {
		return nil, fmt.Errorf("the line has %d fields, the header %d", len(fields), r.width)
	}
	return func(name string) string {
		if i, ok := r.columns[name]; ok {
			return fields[i]
		}
		return ""
	}, nil
}

func csvFields(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		err = bad.Err // its line and column are of this line alone
	}
	return fields, err
}

// splitJSON reads an object whose values are strings or numbers.
func splitJSON(line string) (func(string) string, error) {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("more than one JSON value in the line")
	}
	for _, name := range slices.Concat(needed, []string{"currency", "account_opened_at", "label"}) {
		switch object[name].(type) {
		case nil, string, json.Number, bool:
		default:
			return nil, fmt.Errorf("%s: must be a string or a number", name)
		}
	}
	return func(name string) string {
		if object[name] == nil {
			return ""
		}
		return fmt.Sprint(object[name])
	}, nil
}

// parseTransaction reads types; the rules of the contract are checked where the
// row is recorded.
func parseTransaction(field func(string) string) (*fraudactivityv1.Transaction, error) {
	t := &fraudactivityv1.Transaction{
		TransactionId: field("transaction_id"), AccountId: field("account_id"), Currency: field("currency"),
	}
	var err error
	if t.Amount, err = strconv.ParseFloat(field("amount"), 64); err != nil {
		return t, fmt.Errorf("amount: must be a number, not %.40q", field("amount"))
	}
	if t.Time, err = parseTime("time", field("time")); err != nil {
		return t, err
	}
	if opened := field("account_opened_at"); opened != "" {
		t.AccountOpenedAt, err = parseTime("account_opened_at", opened)
	}
	return t, err
}

// parseTime reads epoch seconds or RFC 3339.
func parseTime(name, text string) (*timestamppb.Timestamp, error) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &timestamppb.Timestamp{Seconds: whole}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return timestamppb.New(t), nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || math.Abs(seconds) > 1e15 {
		return nil, fmt.Errorf("%s: must be epoch seconds or RFC 3339, not %.40q", name, text)
	}
	whole, part := math.Modf(seconds)
	return timestamppb.New(time.Unix(int64(whole), int64(math.Round(part*1e6))*1000)), nil
}

// parseLabel makes the outcome that a label stands for. It became known with
// the transaction, as far as the file tells.
func parseLabel(text string, t *fraudactivityv1.Transaction) (*fraudactivityv1.ReportOutcomeRequest, error) {
	report := &fraudactivityv1.ReportOutcomeRequest{
		TransactionId: t.TransactionId, OccurredAt: t.Time, Source: fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_IMPORT,
	}
	switch strings.ToLower(text) {
	case "":
		return nil, nil
	case "1", "1.0", "true", "fraud":
		report.Outcome = fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_FRAUD
	case "0", "0.0", "false", "legitimate":
		report.Outcome = fraudactivityv1.OutcomeLabel_OUTCOME_LABEL_LEGITIMATE
	default:
		return nil, fmt.Errorf("label: must be 1, 0, fraud, legitimate or empty, not %.40q", text)
	}
	return report, nil
}
