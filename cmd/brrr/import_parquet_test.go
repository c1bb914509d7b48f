package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// asParquet is a file of these rows, in row groups of two.
func asParquet[T any](t *testing.T, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows, parquet.MaxRowsPerRowGroup(2)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// collected imports a file into a collector.
func collected(t *testing.T, path string) (rows string, err error) {
	t.Helper()
	to := &collector{}
	job := &importJob{to: to, rejects: &rejectFile{path: filepath.Join(t.TempDir(), "rejects")}}
	err = job.file(t.Context(), path, streams{strings.NewReader(""), io.Discard, io.Discard})
	return strings.Join(to.rows, "\n"), err
}

// TestParquetReadsAsCSVDoes, whichever types its columns have.
func TestParquetReadsAsCSVDoes(t *testing.T) {
	type strict struct {
		Note     []string   `parquet:"note"` // not read
		ID       string     `parquet:"transaction_id,dict"`
		Account  string     `parquet:"account_id"`
		Amount   float64    `parquet:"amount"`
		Time     time.Time  `parquet:"time,timestamp(microsecond)"`
		Currency *string    `parquet:"currency"`
		Opened   *time.Time `parquet:"account_opened_at,timestamp(nanosecond)"`
		Label    *bool      `parquet:"label"`
	}
	type loose struct {
		Label   *int32  `parquet:"label"`
		Opened  *int64  `parquet:"account_opened_at,timestamp(millisecond:local)"`
		Amount  [9]byte `parquet:"amount,decimal(3:20)"`
		Time    string  `parquet:"time"`
		Account uint32  `parquet:"account_id"`
		ID      int64   `parquet:"transaction_id"`
	}
	euro, yes, opened := "EUR", true, time.Unix(1_546_300_000, 0)
	one, millis := int32(0), int64(1_546_300_000_250)
	for name, test := range map[string]struct{ content, same string }{
		"strict": {asParquet(t,
			strict{ID: "one", Account: "a", Amount: 10.5, Time: time.Unix(1_546_300_800, 0), Currency: &euro, Opened: &opened, Label: &yes, Note: []string{"x", "y"}},
			strict{ID: "two", Account: "b", Amount: 0.01, Time: time.Unix(1_546_300_801, 250_001_000)},
			strict{ID: "three", Account: "a", Amount: 1e21 / 3, Time: time.Unix(1, 0)}),
			"transaction_id,account_id,amount,time,currency,account_opened_at,label\none,a,10.5,1546300800,EUR,1546300000,1\n" +
				"two,b,0.01,1546300801.250001,,,\nthree,a,333333333333333300000,1,,,\n"},
		"loose": {asParquet(t,
			loose{ID: -7, Account: 4_294_967_295, Amount: [9]byte{8: 5}, Time: "1546300800.5", Label: &one, Opened: &millis},
			loose{ID: 8, Account: 9, Amount: [9]byte{7: 48, 8: 57}, Time: "2019-01-01T00:00:00Z"}),
			"transaction_id,account_id,amount,time,account_opened_at,label\n-7,4294967295,0.005,1546300800.5,1546300000.25,0\n8,9,12.345,1546300800,,\n"},
	} {
		want, err := collected(t, writeFile(t, "rows.csv", test.same))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := collected(t, writeFile(t, "rows.parquet", test.content)); err != nil || got != want {
			t.Errorf("%s: %v\n%s, not\n%s", name, err, got, want)
		}
	}
}

// TestParquetIsRefusedByName where it cannot be read; a row with a bad value is
// refused alone.
func TestParquetIsRefusedByName(t *testing.T) {
	type nested struct {
		ID      string    `parquet:"transaction_id"`
		Account string    `parquet:"account_id"`
		Amount  []float64 `parquet:"amount"`
		Time    int64     `parquet:"time"`
	}
	type daily struct {
		ID      []byte  `parquet:"transaction_id"`
		Account string  `parquet:"account_id"`
		Amount  float64 `parquet:"amount"`
		Time    int32   `parquet:"time,date"`
	}
	type bytesID struct {
		ID      []byte  `parquet:"transaction_id"`
		Account string  `parquet:"account_id"`
		Amount  float64 `parquet:"amount"`
		Time    int64   `parquet:"time"`
	}
	for name, test := range map[string]struct{ content, says string }{
		"lacks a column": {asParquet(t, struct {
			ID string `parquet:"transaction_id"`
		}{"x"}), "rows: lacks the column account_id"},
		"many values": {asParquet(t, nested{}), "the column amount must have one value a row"},
		"a date":      {asParquet(t, daily{}), "the column time: values of the type DATE are not read"},
	} {
		if _, err := collected(t, writeFile(t, "rows", test.content)); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := writeFile(t, "rows", asParquet(t, bytesID{[]byte("\xff"), "a", 1, 1}, bytesID{[]byte("good"), "a", 1, 1}))
	runImport(t.Context(), t, nil, path, "--data="+t.TempDir()).check(t, exitRejects, "1 recorded", "rows:1: transaction_id: the text is not valid UTF-8")
}

// TestDamagedParquetEndsInAnError or in other values, and in nothing worse.
func TestDamagedParquetEndsInAnError(t *testing.T) {
	type payment struct {
		ID      string  `parquet:"transaction_id"`
		Account string  `parquet:"account_id,dict"`
		Amount  float64 `parquet:"amount"`
		Time    int64   `parquet:"time"`
	}
	whole := asParquet(t, payment{"one", "a", 1, 1}, payment{"two", "a", 2, 2}, payment{"three", "b", 3, 3})
	for at := len(parquetMagic); at < len(whole); at++ {
		for name, content := range map[string]string{"cut off": whole[:at], "another byte": whole[:at] + string(whole[at]^0x10) + whole[at+1:]} {
			source, err := openSource(writeFile(t, "rows", content), nil)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := openLines(source, transactionColumns)
			rows := 0
			for ; err == nil && rows <= 3; rows++ {
				_, err = lines.next()
			}
			source.close()
			if err == nil || name == "cut off" && errors.Is(err, io.EOF) {
				t.Errorf("%s at %d: %d rows, %v", name, at, rows, err)
			}
		}
	}
}

func TestDecimalsAreWrittenInFull(t *testing.T) {
	for want, at := range map[string]*timestamppb.Timestamp{"-1.5": {Seconds: -2, Nanos: 500_000_000}, "0.000001": {Nanos: 1000}, "12": {Seconds: 12}} {
		text, err := timestampText(time.Microsecond)(parquet.ValueOf(at.AsTime().UnixMicro()))
		if err != nil || text != want {
			t.Errorf("%v: %s, not %s", at, text, want)
		}
	}
}
