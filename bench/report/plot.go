package report

import (
	"errors"
	"fmt"
	"image/color"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// Plot is a picture on the page.
type Plot struct{ File, Alt string }

// Colours that readers with any eyes tell apart (Okabe and Ito, 2008).
var colours = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255},
	color.RGBA{86, 180, 233, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{0, 0, 0, 255}, color.RGBA{110, 110, 110, 255},
	color.RGBA{150, 111, 51, 255}, color.RGBA{120, 94, 240, 255}, color.RGBA{60, 60, 120, 255},
}

// series is one line of a plot.
type series struct {
	name string
	at   plotter.XYs
}

const (
	width  = 9 * vg.Inch
	height = 4.6 * vg.Inch
	// labelRoom is the share of the width that names beside the lines take.
	labelRoom = .42
)

// drawAll draws every plot for which there are figures. Their files begin with
// prefix.
func drawAll(run result.Run, prefix string) ([]Plot, error) {
	var plots []Plot
	for _, p := range []struct {
		name, alt string
		series    []series
		draw      func([]series) (*plot.Plot, error)
	}{
		{"throughput", "Throughput by callers", throughputSeries(run), drawThroughput},
		{"latency", "Latency percentiles by load", latencySeries(run), drawLatency},
	} {
		if len(p.series) == 0 {
			continue
		}
		drawn, err := p.draw(p.series)
		if err != nil {
			return nil, err
		}
		file := prefix + "-" + p.name + ".svg"
		if err := save(drawn, file); err != nil {
			return nil, err
		}
		plots = append(plots, Plot{filepath.Base(file), p.alt})
	}
	return plots, nil
}

// save writes a plot with a margin around it.
func save(p *plot.Plot, file string) error {
	const margin = 10
	canvas := vgsvg.New(width, height)
	p.Draw(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin))
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(out)
	return errors.Join(err, out.Close())
}

// throughputSeries are us, the limit and the peers, by callers.
func throughputSeries(run result.Run) []series {
	var all []series
	for _, l := range lines(run, "main", "unary", "peers") {
		if l.suite == "main" && l.protocol != result.ConnectJSON || l.suite == "unary" && l.system != result.Unary {
			continue
		}
		s, cells := series{name: label(run, l)}, byCallers(run, l)
		for _, callers := range slices.Sorted(maps.Keys(cells)) {
			median, _ := run.Median(cells[callers], result.Throughput)
			s.at = append(s.at, plotter.XY{X: float64(callers), Y: median})
		}
		all = append(all, s)
	}
	return all
}

func label(run result.Run, l line) string {
	switch l.system {
	case result.Null:
		return "null handler (does nothing)"
	case result.Us:
		return "us: look-up, model, durable record"
	}
	for _, p := range run.Peers {
		if p.Name == l.system {
			return p.Title
		}
	}
	return l.system
}

// latencySeries are percentiles at shares of saturation.
func latencySeries(run result.Run) []series {
	percentiles := []struct {
		name string
		of   result.Of
	}{
		{"p99.9", func(c result.Cell) float64 { return c.Latency.P999 }}, {"p99", result.P99},
		{"p90", func(c result.Cell) float64 { return c.Latency.P90 }}, {"p50", result.P50},
	}
	var all []series
	for _, p := range percentiles {
		s := series{name: p.name}
		for _, c := range distinct(run, "open") {
			if c.Callers == 0 {
				median, _ := run.Median(c, p.of)
				s.at = append(s.at, plotter.XY{X: c.Rate, Y: median / 1000})
			}
		}
		if len(s.at) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func drawThroughput(all []series) (*plot.Plot, error) {
	p := newPlot("Throughput by callers, closed loop", "callers", "assessments a second")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 1, Label: "1"}, {Value: 16, Label: "16"}, {Value: 64, Label: "64"}, {Value: 256, Label: "256"}}
	p.Y.Tick.Marker = decades(all)
	return p, addSeries(p, all, true)
}

func drawLatency(all []series) (*plot.Plot, error) {
	p := newPlot("Latency of GetFraudActivity at ¼, ½ and ¾ of saturation, open loop", "calls offered a second", "milliseconds")
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = decades(all)
	var ticks plot.ConstantTicks
	for _, at := range all[0].at {
		ticks = append(ticks, plot.Tick{Value: at.X, Label: thousands(at.X)})
	}
	for i, share := range []string{" (¼)", " (½)", " (¾)"} {
		if len(ticks) == 3 {
			ticks[i].Label += share
		}
	}
	p.X.Tick.Marker = ticks
	return p, addSeries(p, all, false)
}

func newPlot(title, x, y string) *plot.Plot {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding, p.X.Label.Padding, p.Y.Label.Padding = 8, 4, 4
	return p
}

// decades are ticks at 1, 2 and 5 of each power of ten that is needed, with a
// line across at each.
func decades(all []series) plot.ConstantTicks {
	low, high := bounds(all)
	var ticks plot.ConstantTicks
	for power := 1e-3; power < 1e9; power *= 10 {
		for _, step := range []float64{1, 2, 5} {
			if at := power * step; at >= low/2.6 && at <= high*2.6 {
				text := strconv.FormatFloat(at, 'g', 3, 64)
				if at >= 1000 {
					text = thousands(at)
				}
				ticks = append(ticks, plot.Tick{Value: at, Label: text})
			}
		}
	}
	return ticks
}

func bounds(all []series) (low, high float64) {
	low = all[0].at[0].Y
	for _, s := range all {
		for _, at := range s.at {
			low, high = min(low, at.Y), max(high, at.Y)
		}
	}
	return low, high
}

// addSeries draws the lines and writes each one's name at its right end.
func addSeries(p *plot.Plot, all []series, logX bool) error {
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, color.Gray{225}
	p.Add(grid)
	for i, s := range all {
		lines, points, err := plotter.NewLinePoints(s.at)
		if err != nil {
			return fmt.Errorf("plot %s: %w", s.name, err)
		}
		lines.Color, points.Color = colours[i%len(colours)], colours[i%len(colours)]
		lines.Width, points.Radius, points.Shape = vg.Points(1.5), vg.Points(2.5), draw.CircleGlyph{}
		if s.name == result.Null {
			lines.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		p.Add(lines, points)
	}
	p.Add(newNames(all, logX))
	makeRoom(p, all, logX)
	return nil
}
