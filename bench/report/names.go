package report

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// names writes each line's name beside its last point, moved apart where lines
// end close together: a reader need not match colours with a key.
type names struct {
	series []series
	logX   bool
}

func newNames(all []series, logX bool) names { return names{all, logX} }

// leader is how far a name stands from its line.
const leader = 18

// Plot implements plot.Plotter.
func (n names) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := text.Style{Font: p.X.Tick.Label.Font, YAlign: draw.YCenter, Handler: p.X.Tick.Label.Handler}
	order := make([]int, len(n.series))
	for i := range order {
		order[i] = i
	}
	last := func(i int) (float64, float64) { at := n.series[i].at[len(n.series[i].at)-1]; return at.X, at.Y }
	slices.SortFunc(order, func(a, b int) int {
		_, ya := last(a)
		_, yb := last(b)
		return int(math.Copysign(1, yb-ya))
	})
	heights := make([]float64, len(order))
	for place, i := range order {
		_, at := last(i)
		heights[place] = float64(y(at))
	}
	spread(heights, 1.25*float64(style.Font.Size), float64(c.Min.Y+style.Font.Size), float64(c.Max.Y))
	for place, i := range order {
		atX, atY := last(i)
		from, to := vg.Point{X: x(atX) + 4, Y: y(atY)}, vg.Point{X: x(atX) + leader, Y: vg.Length(heights[place])}
		colour := colours[i%len(colours)]
		c.StrokeLine2(draw.LineStyle{Color: colour, Width: vg.Points(.5)}, from.X, from.Y, to.X, to.Y)
		style.Color = colour
		c.FillText(style, vg.Point{X: to.X + 3, Y: to.Y}, n.series[i].name)
	}
}

// spread moves heights, which fall from first to last, at least gap apart and
// keeps them between low and high.
func spread(heights []float64, gap, low, high float64) {
	for i := range heights {
		if i == 0 {
			heights[i] = min(heights[i], high)
			continue
		}
		heights[i] = min(heights[i], heights[i-1]-gap)
	}
	for i := len(heights) - 1; i >= 0; i-- {
		if i == len(heights)-1 {
			heights[i] = max(heights[i], low)
			continue
		}
		heights[i] = max(heights[i], heights[i+1]+gap)
	}
}

// makeRoom widens the plot to the right, for names.
func makeRoom(p *plot.Plot, all []series, logX bool) {
	low, high := bounds(all)
	p.Y.Min, p.Y.Max = low/1.5, high*1.5
	first, last := all[0].at[0].X, all[0].at[len(all[0].at)-1].X
	if logX {
		p.X.Max = last * math.Pow(last/first, labelRoom/(1-labelRoom))
		return
	}
	p.X.Min = 0
	p.X.Max = last / (1 - labelRoom/3)
}
