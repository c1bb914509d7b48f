package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestLongWordsOfOthersAreCutInTheLog: what a model's host says of a row may be as long
// as its reply.
func TestLongWordsOfOthersAreCutInTheLog(t *testing.T) {
	var lines bytes.Buffer
	log := (&logFlags{LogFormat: "json"}).logger(streams{err: &lines})
	log.Info("one word", "error", errors.New(strings.Repeat("a", 16<<20)))
	if line := lines.String(); len(line) > mostWords+500 || !strings.Contains(line, "(16777216 bytes)") {
		t.Errorf("%d bytes: %.100s", len(line), line)
	}
	const secret, end = "in-the-address", "http://user:in-the-address@host/path of somebody"
	for cut := range len(end) { // at every byte of it
		lines.Reset()
		words := strings.Repeat("word ", mostWords/5+1)
		log.Info("many words", "error", words[:mostWords-cut-1]+" "+end)
		if line := lines.String(); strings.Contains(line, "user:") || strings.Contains(line, secret) || len(line) > mostWords+500 {
			t.Fatalf("cut at %d: …%s", cut, line[len(line)-200:])
		}
	}
}
