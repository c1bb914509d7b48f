package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// printJSON writes a message as one line, as the API's JSON spells it.
func printJSON(w io.Writer, m proto.Message) error {
	line, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// printTable writes rows under a head, in columns as wide as they need to be.
func printTable(w io.Writer, head []string, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

func showTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return t.AsTime().Format(time.RFC3339)
}

func showPercent(p float64) string { return fmt.Sprintf("%.2f %%", p) }

func showLabel(fraud bool) string {
	if fraud {
		return "FRAUD"
	}
	return "legitimate"
}

// showAge words whole seconds as a person would.
func showAge(seconds int32) string {
	switch age := time.Duration(seconds) * time.Second; {
	case age >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(age.Hours()/24))
	case age >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(age.Hours()))
	case age >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(age.Minutes()))
	}
	return fmt.Sprintf("%d seconds", seconds)
}
