package result

import (
	"fmt"
)

// open is a cell at a share of saturation.
func (r *Run) open(suite, system string, share float64) Cell {
	return Cell{Suite: suite, System: system, Call: Get, Protocol: ConnectJSON, Share: share, Recorded: r.Settings.Recorded}
}

// judgeHalf looks at latency at half of saturation.
func (r *Run) judgeHalf() {
	half := r.open("open", Us, .5)
	p50, ok := r.Median(half, P50)
	p99, _ := r.Median(half, P99)
	r.atMost("Get at half of saturation, open loop: p99 over p50", p99/max(p50, 1e-9), 10, ok, "%.1f",
		fmt.Sprintf("%.1f ms over %.1f ms", p99/1000, p50/1000))
	failed, asked := 0, 0
	for _, c := range r.Rounds(half) {
		failed += c.Failed()
		asked += int(c.Answers) + c.Failed()
	}
	r.atMost("Get at half of saturation, open loop: errors", float64(failed), 0, ok, "%.0f", fmt.Sprintf("of %d calls", asked))
	// Without it, a service that drowns would look steady: all its answers are late.
	kept, _ := r.Median(half, func(c Cell) float64 { return c.AnswersPerSecond / max(c.Rate, 1e-9) })
	r.atLeast("Get at half of saturation, open loop: answered over offered", kept, .95, ok, "%.2f", "")
}

// judgeOverload looks at what happens when more is asked than can be answered.
func (r *Run) judgeOverload() {
	r.judgeManyCallers(0)
	r.judgeManyCallers(50)
	for _, deadline := range []int{50, 500} {
		peak := Cell{Suite: "overload", System: Unary, Call: Get, Protocol: ConnectJSON, Callers: 256, Share: 1, Recorded: r.Settings.Recorded}
		twice := r.open("overload", Unary, 2)
		twice.Deadline = deadline
		ratio, ok := r.Ratio(twice, peak, Throughput)
		offered, _ := r.Median(twice, func(c Cell) float64 { return c.Offered })
		r.atLeast(fmt.Sprintf("Twice saturation before a unary-only backend, open loop, deadline %d ms: answers over the peak", deadline),
			ratio, .9, ok, "%.2f", fmt.Sprintf("%.0f calls/s offered", offered))
	}
	r.judgeRefusals()
	r.judgeMemory()
}

// judgeManyCallers compares closed loops of more callers than saturate with the
// one that saturates.
func (r *Run) judgeManyCallers(deadline int) {
	cell := func(callers, deadline int) Cell {
		return Cell{Suite: "overload", System: Us, Call: Get, Protocol: ConnectJSON, Callers: callers, Deadline: deadline, Recorded: r.Settings.Recorded}
	}
	with := "no deadline"
	if deadline > 0 {
		with = fmt.Sprintf("deadline %d ms", deadline)
	}
	for _, callers := range []int{512, 1024, 2048} {
		ratio, ok := r.Ratio(cell(callers, deadline), cell(256, 0), Throughput)
		r.atLeast(fmt.Sprintf("Get, %d callers, %s: answers over those with 256 callers", callers, with), ratio, .9, ok, "%.2f",
			fmt.Sprintf("%d times what saturates", callers/256))
	}
}

// judgeMemory compares the end of each overloaded run with its start. The run
// that is merely saturated warms the server up.
func (r *Run) judgeMemory() {
	growth, at := 0.0, ""
	for _, c := range r.Cells {
		first, last := c.MemoryThirds()
		if c.Suite != "overload" || c.Callers == 256 || first == 0 {
			continue
		}
		if g := last / first; g > growth {
			growth, at = g, c.Name()
		}
	}
	r.atMost("Overload: memory in the last third of a run over that in the first, the worst", growth, 1.10, growth > 0, "%.2f", at)
}

// judgeRefusals looks at what callers were told that were refused.
func (r *Run) judgeRefusals() {
	refusals, withInfo := 0, true
	slowest := 0.0
	for _, p := range r.Overload {
		if p.Codes["resource_exhausted"] > 0 {
			refusals += p.Codes["resource_exhausted"]
			withInfo = withInfo && p.RetryInfo
			slowest = max(slowest, p.RefusedIn)
		}
	}
	seen := "in all"
	if !withInfo {
		seen = "not in all"
	}
	r.add("Overload: refusals carry RetryInfo", "in all", seen, 0, refusals > 0, withInfo, fmt.Sprintf("%d refusals seen by one caller more", refusals))
	r.atMost("Overload: median time until a refusal, the slowest cell, ms", slowest, 50, refusals > 0, "%.1f", "early: before the deadline it could not keep")
}

// judgeLarge compares ten times the recorded transactions with the usual number.
func (r *Run) judgeLarge() {
	for _, anyOrder := range []bool{false, true} {
		for _, callers := range []int{64, 256} {
			usual := Cell{Suite: "large", System: Us, Call: Get, Protocol: ConnectJSON, Callers: callers,
				Recorded: r.Settings.Recorded, AnyOrder: anyOrder}
			large, note := usual, "in the order of recording"
			large.Recorded = r.Settings.RecordedBig
			if anyOrder {
				note = "far apart in the order of recording"
			}
			ratio, ok := r.Ratio(large, usual, Throughput)
			r.add(fmt.Sprintf("Get, %d callers, 10 times the recorded transactions: throughput over the usual", callers),
				"0.85 to 1.15", fmt.Sprintf("%.2f", ratio), ratio, ok, ratio >= .85 && ratio <= 1.15, note)
		}
	}
}
