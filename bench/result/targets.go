package result

import "fmt"

// What the verdict of a target can be.
const (
	Yes         = "yes"
	No          = "no"
	NotMeasured = "not measured"
)

// Judge works out every target from the cells.
func (r *Run) Judge() {
	r.Targets = nil
	r.judgeNull()
	r.judgeOneCaller()
	r.judgePeers()
	r.judgeUnary()
	r.judgeBatch()
	r.judgeHalf()
	r.judgeOverload()
	r.judgeLarge()
}

// atLeast adds a target that a figure must reach.
func (r *Run) atLeast(what string, figure, want float64, ok bool, format, how string) {
	r.add(what, "≥ "+fmt.Sprintf(format, want), fmt.Sprintf(format, figure), figure, ok, figure >= want, how)
}

// atMost adds a target that a figure must not pass.
func (r *Run) atMost(what string, figure, want float64, ok bool, format, how string) {
	r.add(what, "≤ "+fmt.Sprintf(format, want), fmt.Sprintf(format, figure), figure, ok, figure <= want, how)
}

func (r *Run) add(what, want, seen string, figure float64, measured, met bool, how string) {
	t := Target{What: what, Want: want, Seen: seen, Figure: figure, Met: No, How: how}
	switch {
	case !measured:
		t.Met, t.Seen, t.Figure, t.How = NotMeasured, "–", 0, ""
	case met:
		t.Met = Yes
	}
	r.Targets = append(r.Targets, t)
}

// main is a cell of the suite of that name.
func (r *Run) main(system, protocol string, callers int) Cell {
	c := Cell{Suite: "main", System: system, Call: Get, Protocol: protocol, Callers: callers}
	if system == Us {
		c.Recorded = r.Settings.Recorded
	}
	return c
}

// judgeNull compares with the handler that does nothing. HTTP/1.1 with JSON is
// the headline; the others stand beside it.
func (r *Run) judgeNull() {
	for _, protocol := range []string{ConnectJSON, REST, GRPC} {
		for _, want := range []struct {
			callers int
			ratio   float64
		}{{256, .80}, {64, .60}} {
			ratio, ok := r.Ratio(r.main(Us, protocol, want.callers), r.main(Null, protocol, want.callers), Throughput)
			r.atLeast(fmt.Sprintf("Get, %s, %d callers: throughput over that of the null handler", Spoken(protocol), want.callers),
				ratio, want.ratio, ok, "%.2f", "median over rounds of the ratio within a round")
		}
	}
}

// judgeOneCaller compares one caller's wait with the sum of what it cannot do
// without.
func (r *Run) judgeOneCaller() {
	us, ok := r.Median(r.main(Us, ConnectJSON, 1), P50)
	null, okNull := r.Median(r.main(Null, ConnectJSON, 1), P50)
	sum := null + r.Limits.FsyncMicros + r.Limits.PredictFraudMicros
	ok = ok && okNull && r.Limits.FsyncMicros > 0 && r.Limits.PredictFraudMicros > 0
	r.atMost("Get, one caller alone: median latency over null + one fsync + one PredictFraud", us/max(sum, 1e-9), 1.5, ok, "%.2f",
		fmt.Sprintf("%.0f µs over %.0f + %.0f + %.0f µs", us, null, r.Limits.FsyncMicros, r.Limits.PredictFraudMicros))
}

// judgePeers compares best throughput with best throughput, each at the number
// of callers that suits it best.
func (r *Run) judgePeers() {
	us, at := r.Best("main", Us, Get, ConnectJSON)
	var python float64
	var pythonName string
	for _, p := range r.Peers {
		if best, _ := r.Best("peers", p.Name, "", ""); p.Front == "python" && best > python {
			python, pythonName = best, p.Title
		}
	}
	for _, t := range []struct {
		what  string
		peer  func() (float64, string)
		ratio float64
	}{
		{"the seed's shape (Express before a Python gRPC server)", func() (float64, string) { b, _ := r.Best("peers", "seed", "", ""); return b, "seed" }, 12},
		{"the best peer with a front in Python", func() (float64, string) { return python, pythonName }, 3},
		{"mosec", func() (float64, string) { b, _ := r.Best("peers", "mosec", "", ""); return b, "mosec" }, 1.2},
	} {
		theirs, name := t.peer()
		r.atLeast("Get: best throughput over that of "+t.what, us/max(theirs, 1e-9), t.ratio, us > 0 && theirs > 0, "%.2f",
			fmt.Sprintf("%.0f/s with %d callers over %.0f/s (%s)", us, at, theirs, name))
	}
}

// judgeUnary compares our service before a unary-only server with that server.
func (r *Run) judgeUnary() {
	us, at := r.Best("unary", Unary, Get, ConnectJSON)
	alone, atAlone := r.Best("unary", "grpcio", "", "")
	r.atLeast("Get before an unmodified unary-only grpcio server: best throughput over that server's alone", us/max(alone, 1e-9), .9,
		us > 0 && alone > 0, "%.2f", fmt.Sprintf("%.0f/s with %d callers over %.0f/s with %d", us, at, alone, atAlone))
}

// judgeBatch looks at calls about a thousand transactions each.
func (r *Run) judgeBatch() {
	best, at := r.Best("calls", Us, Batch, "")
	how := fmt.Sprintf("with %d callers", at)
	r.atLeast("BatchGet with 1,000 ids: assessments a second", best, 60_000, best > 0, "%.0f", how)
	limit := r.Limits.InProcessRowsPerSecond
	r.atLeast("BatchGet with 1,000 ids: over LightGBM in process, batches of 1,000, one thread", best/max(limit, 1e-9), .25,
		best > 0 && limit > 0, "%.2f", fmt.Sprintf("%.0f/s over %.0f/s", best, limit))
}

// Spoken is how a protocol is called in prose.
func Spoken(protocol string) string {
	switch protocol {
	case ConnectJSON:
		return "Connect JSON over HTTP/1.1"
	case REST:
		return "REST path"
	case GRPC:
		return "gRPC over h2c"
	case "http":
		return "HTTP/1.1"
	}
	return protocol
}
