package report

import (
	"fmt"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// overloadTable tells what is answered when more is asked than can be.
func overloadTable(run result.Run) string {
	t := newTable("", "answers/s", "refused or failed/s", "p50 ms", "p99 ms", "memory MiB: first to last third")
	for _, c := range distinct(run, "overload") {
		name := fmt.Sprintf("%s, closed loop, %d callers", c.System, c.Callers)
		switch {
		case c.Callers > 0 && c.Share > 0:
			name = fmt.Sprintf("%s, saturation: closed loop, %d callers", c.System, c.Callers)
		case c.Callers == 0:
			name = fmt.Sprintf("%s, open loop, %.0f times saturation: %s calls/s", c.System, c.Share, thousands(c.Offered))
		}
		if c.Deadline > 0 {
			name += fmt.Sprintf(", deadline %d ms", c.Deadline)
		}
		memory := dash
		if first, last := c.MemoryThirds(); first > 0 {
			memory = mib(first) + " to " + mib(last)
		}
		t.row(name, thousands(c.AnswersPerSecond), thousands(float64(c.Failed())/max(c.Seconds, .001)), millis(c.Latency.P50), millis(c.Latency.P99), memory)
	}
	return t.String()
}

// probeTable tells what one caller more was answered meanwhile.
func probeTable(run result.Run) string {
	t := newTable("while it was overloaded: one caller more, 40 calls a second", "answers by code", "median time until refused, ms", "RetryInfo", "retry after")
	for _, p := range run.Overload {
		var codes []string
		for code, n := range p.Codes {
			codes = append(codes, fmt.Sprintf("%s %d", code, n))
		}
		slices.Sort(codes)
		info, in := dash, dash
		if p.Codes["resource_exhausted"] > 0 {
			info, in = "no", significant(p.RefusedIn)
			if p.RetryInfo {
				info = "yes"
			}
		}
		t.row(p.Cell, fmt.Sprint(codes), in, info, p.RetryAfter)
	}
	return t.String()
}

// largeTable sets ten times the transactions beside the usual number.
func largeTable(run result.Run) string {
	t := newTable("GetFraudActivity, Connect JSON over HTTP/1.1", "assessments/s", "p50 ms", "p99 ms", "server CPU-s a million")
	for _, c := range distinct(run, "large") {
		of := func(f result.Of) float64 { m, _ := run.Median(c, f); return m }
		order := "in order of recording"
		if c.AnyOrder {
			order = "in any order"
		}
		t.row(fmt.Sprintf("%s transactions, %s, %d callers", thousands(c.Recorded), order, c.Callers), thousands(of(result.Throughput)),
			millis(of(result.P50)), millis(of(result.P99)), significant(of(func(c result.Cell) float64 { return c.CPUSecondsPerMln })))
	}
	return t.String()
}
