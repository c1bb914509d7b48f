package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// output is how a command shows what it found.
type output struct {
	Output string `short:"o" help:"How to show it: a table, or one JSON object a line." enum:"table,json" default:"table"`
}

func (o output) json() bool { return o.Output == "json" }

// printJSON writes a message as one line, as the API's JSON spells it.
func printJSON(w io.Writer, m proto.Message) error {
	line, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// printLines writes each value as one line of JSON.
func printLines[T any](w io.Writer, values []T) error {
	lines := json.NewEncoder(w)
	for _, value := range values {
		if err := lines.Encode(value); err != nil {
			return err
		}
	}
	return nil
}

// Tables show times in UTC and say so: in the head of a column, or behind the
// time where it stands in a sentence.
const (
	clockForm  = "15:04:05"
	momentForm = "2006-01-02 15:04:05"
)

func showTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return t.AsTime().Format(momentForm)
}

func showPercent(p float64) string { return fmt.Sprintf("%.2f %%", p) }

func showLabel(fraud bool) string {
	if fraud {
		return loud
	}
	return "legitimate"
}

func showAmount(amount float64, currency string) string {
	return strings.TrimRight(fmt.Sprintf("%.2f %s", amount, currency), " ")
}

// showAge words whole seconds as a person would.
func showAge(seconds int32) string {
	const day, year = 24 * time.Hour, 365.25 * 24 * time.Hour
	age := time.Duration(seconds) * time.Second
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{year, "y"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if age >= 2*unit.of {
			return fmt.Sprintf("%d %s", age/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%d s", seconds)
}

// enumWord is the word that people use for a value of an enum.
func enumWord(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }
