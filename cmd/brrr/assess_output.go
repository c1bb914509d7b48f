package main

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// assessedColumns are those of the CSV, in order; Parquet has them by the tags of
// assessedRow.
var assessedColumns = []struct {
	name string
	of   func(assessedRow) string
}{
	{"transaction_id", func(r assessedRow) string { return r.TransactionID }},
	{"predicted_label", func(r assessedRow) string { return orEmpty(r.PredictedLabel, strconv.FormatBool) }},
	{"fraud_probability", func(r assessedRow) string { return orEmpty(r.FraudProbability, exactly) }},
	{"model_version", func(r assessedRow) string { return orEmpty(r.ModelVersion, func(s string) string { return s }) }},
	{"threshold", func(r assessedRow) string { return orEmpty(r.Threshold, exactly) }},
	{"assessed_at", func(r assessedRow) string {
		return orEmpty(r.AssessedAt, func(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) })
	}},
	{"reason", func(r assessedRow) string { return r.Reason }},
}

func orEmpty[T any](value *T, text func(T) string) string {
	if value == nil {
		return ""
	}
	return text(*value)
}

// writeCSV makes the output of a part file.
func writeCSV(to io.Writer, part string) error {
	lines, fields := csv.NewWriter(to), make([]string, len(assessedColumns))
	for i, column := range assessedColumns {
		fields[i] = column.name
	}
	if err := lines.Write(fields); err != nil {
		return err
	}
	err := eachAssessed(part, func(row assessedRow) error {
		for i, column := range assessedColumns {
			fields[i] = column.of(row)
		}
		return lines.Write(fields)
	})
	lines.Flush()
	return errors.Join(err, lines.Error())
}

// rowsAGroup bounds what a writer and its readers hold in memory.
const rowsAGroup = 128 << 10

// writeParquet is likewise.
func writeParquet(to io.Writer, part string) error {
	rows := parquet.NewGenericWriter[assessedRow](to, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(rowsAGroup))
	one := make([]assessedRow, 1)
	err := eachAssessed(part, func(row assessedRow) error {
		one[0] = row
		_, err := rows.Write(one)
		return err
	})
	return errors.Join(err, rows.Close())
}
