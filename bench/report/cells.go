package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

const dash = "–"

// line is what cells share that differ in callers only.
type line struct{ suite, system, call, protocol string }

func (l line) String() string {
	name := map[string]string{result.Null: "null handler"}[l.system]
	if name == "" {
		name = l.system
	}
	return fmt.Sprintf("%s: %s, %s", name, l.call, result.Spoken(l.protocol))
}

// lines are those of closed loops in some suites, in the order that they ran.
func lines(run result.Run, suites ...string) []line {
	var all []line
	for _, c := range run.Cells {
		l := line{c.Suite, c.System, c.Call, c.Protocol}
		if slices.Contains(suites, c.Suite) && c.Callers > 0 && !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}

// byCallers finds a line's cells, one of each number of callers.
func byCallers(run result.Run, l line) map[int]result.Cell {
	found := map[int]result.Cell{}
	for _, c := range run.Cells {
		if (line{c.Suite, c.System, c.Call, c.Protocol}) == l && c.Error == "" {
			found[c.Callers] = c
		}
	}
	return found
}

// throughputTable has a row a line and a column a number of callers.
func throughputTable(run result.Run, suites ...string) string {
	all, counts := lines(run, suites...), map[int]bool{}
	for _, l := range all {
		for callers := range byCallers(run, l) {
			counts[callers] = true
		}
	}
	columns := slices.Sorted(maps.Keys(counts))
	heads := []string{"assessments a second, by callers"}
	for _, callers := range columns {
		heads = append(heads, fmt.Sprint(callers))
	}
	t := newTable(heads...)
	for _, l := range all {
		cells, row := byCallers(run, l), []string{l.String()}
		for _, callers := range columns {
			text := dash
			if c, ok := cells[callers]; ok {
				median, _ := run.Median(c, result.Throughput)
				text = thousands(median)
				if failed := failures(run, c); failed > 0 {
					text += fmt.Sprintf(" (%s failed)", thousands(failed))
				}
			}
			row = append(row, text)
		}
		t.row(row...)
	}
	return t.String()
}

// failures of all rounds.
func failures(run result.Run, like result.Cell) int {
	n := 0
	for _, c := range run.Rounds(like) {
		n += c.Failed()
	}
	return n
}

// latencyTable is about the open loop.
func latencyTable(run result.Run) string {
	t := newTable("offered, of saturation", "calls/s offered", "calls/s answered", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "failed")
	for _, c := range distinct(run, "open") {
		of := func(f result.Of) float64 { m, _ := run.Median(c, f); return m }
		share, offered := fmt.Sprintf("%.2f", c.Share), thousands(c.Rate)
		if c.Callers > 0 {
			share, offered = fmt.Sprintf("saturation: closed loop, %d callers", c.Callers), dash
		}
		t.row(share, offered, thousands(of(func(c result.Cell) float64 { return c.AnswersPerSecond })),
			millis(of(result.P50)), millis(of(func(c result.Cell) float64 { return c.Latency.P90 })), millis(of(result.P99)),
			millis(of(func(c result.Cell) float64 { return c.Latency.P999 })), millis(of(func(c result.Cell) float64 { return c.Latency.Max })),
			thousands(failures(run, c)))
	}
	return t.String()
}

// distinct are a suite's cells, one of all rounds, in the order that they ran.
func distinct(run result.Run, suite string) []result.Cell {
	var found []result.Cell
	for _, c := range run.Cells {
		same := func(other result.Cell) bool { return other.Name() == c.Name() }
		if c.Suite == suite && c.Error == "" && !slices.ContainsFunc(found, same) {
			found = append(found, c)
		}
	}
	return found
}

// stageTable tells where a call's time goes.
func stageTable(run result.Run) string {
	t := newTable("GetFraudActivity, Connect JSON over HTTP/1.1", "gate", "queue", "look-up", "predict", "record", "batches/s", "rows a batch")
	for _, callers := range []int{1, 16, 64, 256} {
		like := result.Cell{Suite: "main", System: result.Us, Call: result.Get, Protocol: result.ConnectJSON, Callers: callers, Recorded: run.Settings.Recorded}
		rounds := run.Rounds(like)
		if len(rounds) == 0 || rounds[len(rounds)/2].Seen == nil {
			continue
		}
		c := rounds[len(rounds)/2] // one whole round, so that the stages add up
		row := []string{fmt.Sprintf("%d callers: mean (p50, p99), ms", callers)}
		for _, stage := range []string{"gate", "queue", "lookup", "predict", "record"} {
			s, ok := c.Seen.Stages[stage]
			if !ok {
				row = append(row, dash)
				continue
			}
			row = append(row, fmt.Sprintf("%s (%s, %s)", significant(s.Mean), significant(s.P50), significant(s.P99)))
		}
		if rows := c.Seen.BatchRows; rows != nil {
			row = append(row, thousands(rows.Count/c.Seconds), fmt.Sprintf("%.1f (%.0f, %.0f)", rows.Mean, rows.P50, rows.P99))
		} else {
			row = append(row, dash, dash)
		}
		t.row(row...)
	}
	return t.String()
}

// costTable tells what a million assessments cost.
func costTable(run result.Run) string {
	t := newTable("", "callers", "server CPU-s a million", "generator CPU-s a million", "server cores busy", "peak memory MiB", "rows a batch")
	for _, suite := range []string{"main", "calls", "unary", "peers"} {
		for _, c := range distinct(run, suite) {
			if c.Callers != 64 && c.Callers != 256 && !(c.Call == result.Batch && c.Callers == 4) {
				continue
			}
			of := func(f result.Of) float64 { m, _ := run.Median(c, f); return m }
			t.row(line{c.Suite, c.System, c.Call, c.Protocol}.String(), fmt.Sprint(c.Callers),
				significant(of(func(c result.Cell) float64 { return c.CPUSecondsPerMln })),
				significant(of(func(c result.Cell) float64 { return c.CPUSeconds / max(c.AssessmentsPerSecond*c.Seconds, 1) * 1e6 })),
				fmt.Sprintf("%.2f", of(func(c result.Cell) float64 { return c.ServerCPUSeconds / max(c.Seconds, .001) })),
				mib(of(func(c result.Cell) float64 { return float64(c.PeakMemoryBytes) })), rowsOf(c))
		}
	}
	return t.String()
}

func rowsOf(c result.Cell) string {
	if c.Seen == nil || c.Seen.BatchRows == nil {
		return dash
	}
	return fmt.Sprintf("%.0f", c.Seen.BatchRows.Mean)
}

// peerTable sets peers beside us, the fastest first.
func peerTable(run result.Run) string {
	us, at := run.Best("main", result.Us, result.Get, result.ConnectJSON)
	t := newTable("", "front", "best, assessments/s", "callers", "us over it", "versions", "tuning", "lacks")
	if us > 0 {
		t.row("**us**: GetFraudActivity, "+result.Spoken(result.ConnectJSON), "Go", thousands(us), fmt.Sprint(at), "1", "this commit", "none", "nothing")
	}
	peers := slices.Clone(run.Peers)
	best := func(p result.Peer) float64 { b, _ := run.Best("peers", p.Name, "", ""); return b }
	slices.SortStableFunc(peers, func(a, b result.Peer) int { return cmp.Compare(best(b), best(a)) })
	for _, p := range peers {
		theirs, callers := run.Best("peers", p.Name, "", "")
		figures := []string{dash, dash, dash}
		if theirs > 0 {
			figures = []string{thousands(theirs), fmt.Sprint(callers), fmt.Sprintf("%.1f", us/theirs)}
		}
		name := fmt.Sprintf("%s, %s", p.Title, result.Spoken(p.Protocol))
		if p.Error != "" {
			name += ": not measured: " + p.Error
		}
		t.row(name, p.Front, figures[0], figures[1], figures[2], versions(p.Versions), p.Tuning, p.Lacks)
	}
	return t.String()
}
