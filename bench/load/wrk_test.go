package load

import (
	"strings"
	"testing"
	"time"
)

func TestWhatWrkPrintsIsRead(t *testing.T) {
	const said = "Running 1s test @ http://127.0.0.1:1\n  1 threads and 64 connections\n" +
		`{"requests":1000,"micros":2000000,"used":1064,"connect":0,"read":2,"write":0,"timeout":0,"status":100,"p50":1500,"p90":2000,"p99":3000,"p99_9":4000,"max":5000}` + "\n"
	got, err := parseWrk(said)
	if err != nil {
		t.Fatal(err)
	}
	if got.Answers != 900 || got.Seconds != 2 || got.Used != 1064 || got.Failed() != 102 || got.Failures["status"] != 100 || got.Failures["read"] != 2 {
		t.Errorf("got %+v", got)
	}
	if want := (Latency{1500, 2000, 3000, 4000, 5000}); got.Latency != want {
		t.Errorf("latency %+v, want %+v", got.Latency, want)
	}
}

func TestARunOfWrkWithoutAResultIsAnError(t *testing.T) {
	for name, said := range map[string]string{"nothing": "", "no JSON": "Running 1s test\nunable to connect"} {
		t.Run(name, func(t *testing.T) {
			if got, err := parseWrk(said); err == nil {
				t.Errorf("got %+v, want an error", got)
			}
		})
	}
}

func TestARunOfWrkThatRunsOutOfIdsFailsLoudly(t *testing.T) {
	server := serveOK(t)
	ids := &IDs{Stride: InOrder, Recorded: 10_000, First: 0, Last: 10}
	_, err := HTTP{Script: "../wrk.lua", URL: server, Callers: 2, For: time.Second, Mode: "get", Words: []string{"path=/"}, IDs: ids}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "never assessed") {
		t.Errorf("got %v, want to be told that ids ran out", err)
	}
}

func TestQuantilesAreThoseOfTheSortedLatencies(t *testing.T) {
	var sorted []time.Duration
	for i := range 1000 {
		sorted = append(sorted, time.Duration(i+1)*time.Microsecond)
	}
	if got, want := Quantiles(sorted), (Latency{501, 901, 991, 1000, 1000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := Quantiles(nil); got != (Latency{}) {
		t.Errorf("of none: %+v", got)
	}
}
