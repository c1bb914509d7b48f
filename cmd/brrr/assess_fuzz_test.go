package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// partOf is the part file of these chunks.
func partOf(t testing.TB, chunks ...[]assessedRow) []byte {
	t.Helper()
	input, path := filepath.Join(t.TempDir(), "rows.csv"), filepath.Join(t.TempDir(), "out.csv.part")
	if err := os.WriteFile(input, []byte("transaction_id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	part, err := openPart(t.Context(), path, input)
	if err != nil {
		t.Fatal(err)
	}
	for _, chunk := range chunks {
		if err := part.add(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := part.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// someChunks have rows of every kind.
func someChunks() [][]assessedRow {
	yes, p, threshold, version, at := true, 7.123456789, 5.0, "host\n1", time.Unix(1_700_000_000, 123_456_000).UTC()
	return [][]assessedRow{
		{{TransactionID: "one", PredictedLabel: &yes, FraudProbability: &p, ModelVersion: &version, Threshold: &threshold, AssessedAt: &at, Line: 2},
			{Reason: "INVALID_ARGUMENT", Message: `{"sealed_rows":` + "\n\u2028", Line: 3}},
		{{TransactionID: `{"`, Reason: "TRANSACTION_UNKNOWN", Line: 4}},
	}
}

// readWhole is all that counts of a part file.
func readWhole(text []byte) (chunks [][]assessedRow, good int64, err error) {
	_, good, err = readPart(bytes.NewReader(text), func(rows []assessedRow) error {
		chunks = append(chunks, rows)
		return nil
	})
	return chunks, good, err
}

// TestAPartFileCountsAsFarAsItIsWhole, wherever it is cut off and whichever byte is
// another.
func TestAPartFileCountsAsFarAsItIsWhole(t *testing.T) {
	want := someChunks()
	heads, first, all := len(partOf(t)), len(partOf(t, want[0])), partOf(t, want...)
	for cut := range len(all) + 1 {
		chunks, good, err := readWhole(all[:cut])
		sealed := 0
		switch {
		case cut == len(all):
			sealed = 2
		case cut >= first:
			sealed = 1
		}
		if (err == nil) != (cut >= heads) || len(chunks) != sealed || sealed > 0 && !reflect.DeepEqual(chunks, want[:sealed]) {
			t.Fatalf("of %d bytes %d chunks count, %v:\n%+v", cut, len(chunks), err, chunks)
		}
		if err == nil && good != int64([]int{heads, first, len(all)}[sealed]) {
			t.Errorf("of %d bytes %d count", cut, good)
		}
	}
	for at := heads; at < len(all); at++ {
		other := bytes.Clone(all)
		other[at] ^= 1
		chunks, _, err := readWhole(other)
		if err != nil || len(chunks) > 1 || at < first && len(chunks) > 0 || len(chunks) > 0 && !reflect.DeepEqual(chunks, want[:1]) {
			t.Errorf("with byte %d another, %d chunks count, %v", at, len(chunks), err)
		}
	}
}

// FuzzPartFile: what counts is a part file itself, of the same rows, and no text is
// ever taken for more.
func FuzzPartFile(f *testing.F) {
	whole := partOf(f, someChunks()...)
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(partOf(f))
	f.Add([]byte(`{"brrr_assess":1}` + "\n" + `{"sealed_rows":0,"crc32c":0}` + "\n" + `{"sealed_rows":0,"crc32c":0}` + "\n"))
	f.Add([]byte("{\"brrr_assess\":"))
	f.Fuzz(func(t *testing.T, text []byte) {
		chunks, good, err := readWhole(text)
		if err != nil {
			if len(chunks) > 0 {
				t.Errorf("%d chunks and %v", len(chunks), err)
			}
			return
		}
		if good > int64(len(text)) {
			t.Fatalf("%d of %d bytes count", good, len(text))
		}
		again, same, err := readWhole(text[:good])
		if err != nil || same != good || !reflect.DeepEqual(again, chunks) {
			t.Errorf("of the %d bytes that count, %d do, %v", good, same, err)
		}
		for _, rows := range chunks {
			if len(rows) == 0 || len(rows) > maxItems {
				t.Errorf("a chunk of %d rows", len(rows))
			}
		}
	})
}
