package result

import "slices"

// Of is a figure of a cell.
type Of func(Cell) float64

// Figures of cells.
var (
	Throughput Of = func(c Cell) float64 { return c.AssessmentsPerSecond }
	P50        Of = func(c Cell) float64 { return c.Latency.P50 }
	P99        Of = func(c Cell) float64 { return c.Latency.P99 }
)

// Rounds finds the cells of like's settings that ran, in the order of rounds.
func (r Run) Rounds(like Cell) []Cell {
	var found []Cell
	for _, c := range r.Cells {
		if c.Name() == like.Name() && c.Error == "" {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b Cell) int { return a.Round - b.Round })
	return found
}

// Median is that of a figure over the rounds of like's settings. ok is false if
// no round ran.
func (r Run) Median(like Cell, of Of) (median float64, ok bool) {
	var figures []float64
	for _, c := range r.Rounds(like) {
		figures = append(figures, of(c))
	}
	return middle(figures), len(figures) > 0
}

// Ratio is the median, over rounds, of one cell's figure over another's of the
// same round: a slow spell of the machine meets both.
func (r Run) Ratio(above, below Cell, of Of) (ratio float64, ok bool) {
	var ratios []float64
	bottoms := r.Rounds(below)
	for _, top := range r.Rounds(above) {
		at := slices.IndexFunc(bottoms, func(c Cell) bool { return c.Round == top.Round })
		if at >= 0 && of(bottoms[at]) > 0 {
			ratios = append(ratios, of(top)/of(bottoms[at]))
		}
	}
	return middle(ratios), len(ratios) > 0
}

// Best is the highest median throughput of a system in a suite, over callers,
// and with how many of them.
func (r Run) Best(suite, system, call, protocol string) (best float64, callers int) {
	for _, c := range r.Cells {
		if c.Suite != suite || c.System != system || call != "" && c.Call != call || protocol != "" && c.Protocol != protocol {
			continue
		}
		if m, ok := r.Median(c, Throughput); ok && m > best {
			best, callers = m, c.Callers
		}
	}
	return best, callers
}

// middle is the median; between two it is their mean. 0 of none.
func middle(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	slices.Sort(figures)
	half := len(figures) / 2
	if len(figures)%2 == 1 {
		return figures[half]
	}
	return (figures[half-1] + figures[half]) / 2
}
