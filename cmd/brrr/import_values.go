package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

var transactionColumns = importColumns{
	needed:   []string{"transaction_id", "account_id", "amount", "time"},
	optional: []string{"currency", "account_opened_at", "label"},
}

// importRow is one row of a file: a transaction and its label, or why it is
// refused.
type importRow struct {
	line        int
	transaction *fraudactivityv1.Transaction
	outcome     *fraudactivityv1.ReportOutcomeRequest // nil: no label
	refused     *refusal
}

// parseRow reads types; the rules of the contract are checked where the row is
// recorded. opened tells when accounts were opened whose rows do not.
func parseRow(l importLine, opened map[string]time.Time) importRow {
	row := parsePayment(l)
	if row.refused != nil {
		return row
	}
	var err error
	if row.outcome, err = parseLabel(l.field("label"), row.transaction); err != nil {
		row.refused = notRead(err)
		return row
	}
	if at, ok := opened[row.transaction.AccountId]; ok && row.transaction.AccountOpenedAt == nil {
		row.transaction.AccountOpenedAt = timestamppb.New(at)
	}
	return row
}

// parsePayment is parseRow without the label.
func parsePayment(l importLine) importRow {
	row := importRow{line: l.number}
	err := l.err
	if err == nil {
		row.transaction, err = parseTransaction(l.field)
	}
	if err != nil {
		row.refused = notRead(err)
	}
	return row
}

func parseTransaction(field func(string) string) (*fraudactivityv1.Transaction, error) {
	t := &fraudactivityv1.Transaction{
		TransactionId: field("transaction_id"), AccountId: field("account_id"), Currency: field("currency"),
	}
	var err error
	if t.Amount, err = parseAmount(field("amount")); err != nil {
		return t, err
	}
	if t.Time, err = parseTime("time", field("time")); err != nil {
		return t, err
	}
	if opened := field("account_opened_at"); opened != "" {
		t.AccountOpenedAt, err = parseTime("account_opened_at", opened)
	}
	return t, err
}

// parseAmount reads a decimal number. Hexadecimal is for programmers, and more
// likely to be an ID in the wrong column.
func parseAmount(text string) (float64, error) {
	amount, err := strconv.ParseFloat(text, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("amount: %.40q is too large", text)
	case err != nil, strings.ContainsAny(text, "xX"):
		return 0, fmt.Errorf("amount: must be a number, not %.40q", text)
	}
	return amount, nil
}

// lastSecond is the end of the year 9999, the last that a Timestamp can tell.
const lastSecond = 253402300799

// parseTime reads epoch seconds, with a fraction or without, or RFC 3339.
func parseTime(name, text string) (*timestamppb.Timestamp, error) {
	t, ok := parseEpoch(text)
	if !ok {
		var err error
		if t, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, fmt.Errorf("%s: must be epoch seconds or RFC 3339, not %.40q", name, text)
		}
	}
	switch s := t.Unix(); {
	case s < 0:
		return nil, fmt.Errorf("%s: must not be before 1970, as %.40q is", name, text)
	case s > lastSecond:
		return nil, fmt.Errorf("%s: must not be after 9999, as %.40q is in seconds (are these milliseconds?)", name, text)
	}
	return timestamppb.New(t), nil
}

// parseEpoch reads seconds digit by digit: by way of a double they would lose
// some. What stands behind nanoseconds is cut off.
func parseEpoch(text string) (time.Time, bool) {
	whole, part, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(part, "0123456789") != "" {
		return time.Time{}, false
	}
	nanos, _ := strconv.ParseInt((part + "000000000")[:9], 10, 64)
	if strings.HasPrefix(whole, "-") {
		nanos = -nanos
	}
	return time.Unix(seconds, nanos), true
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
