package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type modelShowCmd struct {
	remote
	output
}

func (c *modelShowCmd) Run(ctx context.Context, streams streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	model, err := service.GetModel(ctx, &fraudactivityv1.GetModelRequest{})
	if err != nil {
		return err
	}
	if c.json() {
		return printJSON(streams.out, model)
	}
	return showModel(streams, model)
}

func showModel(io streams, m *fraudactivityv1.Model) error {
	if m.RefusedReplacement != "" {
		io.say("Replacement refused: %s (this model still serves)", m.RefusedReplacement)
		fmt.Fprintln(io.out)
	}
	if err := io.table([]column{{head: "MODEL"}, {prose: true}}, modelRows(m)); err != nil {
		return err
	}
	fmt.Fprintln(io.out)
	if err := io.table(figureColumns, figureRows(m)); err != nil {
		return err
	}
	if len(m.Calibration)+len(m.Live.GetCalibration()) == 0 {
		return nil
	}
	fmt.Fprintln(io.out)
	io.say("Promised is the mean score of a bin's rows, seen is how many of them were fraud:")
	return io.table(binColumns, binRows(m))
}

var (
	figureColumns = []column{{head: "FIGURE"}, {head: "TRAINING", right: true}, {head: "INTERVAL", rank: 1}, {head: "LIVE", right: true}}
	binColumns    = []column{
		{head: "SCORES", right: true}, {head: "PROMISED", right: true}, {head: "SEEN", right: true}, {head: "ROWS", right: true, rank: 1},
		{head: "LIVE PROMISED", right: true}, {head: "LIVE SEEN", right: true}, {head: "LIVE ROWS", right: true, rank: 2},
	}
)

func modelRows(m *fraudactivityv1.Model) [][]string {
	threshold := "not published"
	if m.Threshold != nil {
		threshold = showPercent(*m.Threshold)
	}
	trained := showTime(m.TrainedAt)
	if m.TrainedAt != nil {
		trained += " UTC"
	}
	if m.TrainingRows > 0 {
		trained += fmt.Sprintf(", on %d rows", m.TrainingRows)
	}
	live := "nothing is labelled that it assessed"
	if l := m.Live; l.GetRows() > 0 {
		live = fmt.Sprintf("%d labelled that it assessed, %d of them frauds; %d flagged, %d of them frauds", l.Rows, l.Frauds, l.Flagged, l.FlaggedFrauds)
	}
	return [][]string{
		{"version", m.Version},
		{"facts", strings.Join(m.Facts, ", ")},
		{"threshold", threshold},
		{"explains", fmt.Sprint(m.Explains)},
		{"trained", trained},
		{"live", live},
	}
}

// figureRows has the figures of training, by name, and beside each the live one
// where there is the same.
func figureRows(m *fraudactivityv1.Model) [][]string {
	live := liveByName(m.Live)
	names := map[string]bool{}
	for name := range live {
		names[name] = true
	}
	for name := range m.Metrics {
		names[name] = !isBound(m.Metrics, name)
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] {
			training, known := m.Metrics[name]
			rows = append(rows, []string{name, showFigure(training, known), interval(m.Metrics, name), cmp.Or(live[name], "-")})
		}
	}
	return rows
}

// liveByName are live figures by the names of the same in training.
func liveByName(l *fraudactivityv1.LiveFigures) map[string]string {
	found := map[string]string{}
	if l.GetRows() == 0 {
		return found
	}
	rows := float64(l.Rows)
	frauds, flagged := float64(l.Frauds)/rows, float64(l.Flagged)/rows
	constant := frauds * (1 - frauds)
	for name, value := range map[string]*float64{
		"precision_at_threshold": l.Precision, "recall_at_threshold": l.Recall,
		"brier": l.Brier, "brier_of_constant_rate": &constant, "expected_calibration_error": l.ExpectedCalibrationError,
		"rows": &rows, "fraud_rate": &frauds, "flagged_rate": &flagged,
	} {
		if value != nil {
			found[name] = showFigure(*value, true)
		}
	}
	return found
}

// Training may tell between which bounds a figure lies: as name.low and
// name.high.
const (
	lowBound  = ".low"
	highBound = ".high"
)

// isBound reports whether a figure is shown with another.
func isBound(metrics map[string]float64, name string) bool {
	for _, bound := range []string{lowBound, highBound} {
		if of, ok := strings.CutSuffix(name, bound); ok {
			_, ok = metrics[of]
			return ok
		}
	}
	return false
}

func interval(metrics map[string]float64, name string) string {
	low, hasLow := metrics[name+lowBound]
	high, hasHigh := metrics[name+highBound]
	if !hasLow || !hasHigh {
		return "-"
	}
	return boundFigure(low) + "–" + boundFigure(high)
}

// showFigure shows what is large or whole without a fraction, and all else by
// four digits.
func showFigure(value float64, known bool) string {
	if !known {
		return "-"
	}
	return digits(value, 4)
}

// boundFigure has a digit less: a bound is less sure than what it bounds.
func boundFigure(value float64) string { return digits(value, 3) }

func digits(value float64, n int) string {
	if value == math.Trunc(value) || math.Abs(value) >= 1000 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', n, 64)
}

// binRows has the bins of training and the live ones, side by side where they
// are the same.
func binRows(m *fraudactivityv1.Model) [][]string {
	type bounds struct{ from, to float64 }
	training, live := map[bounds][]string{}, map[bounds][]string{}
	var all []bounds
	for _, side := range []struct {
		cells map[bounds][]string
		bins  []*fraudactivityv1.CalibrationBin
	}{{training, m.Calibration}, {live, m.Live.GetCalibration()}} {
		for _, b := range side.bins {
			side.cells[bounds{b.From, b.To}] = binCells(b)
			all = append(all, bounds{b.From, b.To})
		}
	}
	slices.SortFunc(all, func(a, b bounds) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	none := []string{"-", "-", "-"}
	var rows [][]string
	for _, b := range slices.Compact(all) {
		row := []string{fmt.Sprintf("%g to %g %%", b.from, b.to)}
		for _, cells := range [][]string{training[b], live[b]} {
			if cells == nil {
				cells = none
			}
			row = append(row, cells...)
		}
		rows = append(rows, row)
	}
	return rows
}

func binCells(b *fraudactivityv1.CalibrationBin) []string {
	if b.Rows == 0 {
		return []string{"-", "-", "0"}
	}
	return []string{showPercent(b.MeanFraudProbability), showPercent(b.FraudRate), fmt.Sprint(b.Rows)}
}
