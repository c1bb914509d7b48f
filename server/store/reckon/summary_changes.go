package reckon

import (
	"cmp"
	"maps"
	"slices"
)

// Changes are how many assessments more, or fewer, are of a minute and a cell.
type Changes map[place]int64

type place struct {
	minute int64
	cell   Cell
}

// Add is a Counter.
func (ch Changes) Add(at int64, of Cell, n int64) { ch[place{at / MicrosPerMinute, of}] += n }

// Packed is a row of a rollup: the counts of a span of time.
type Packed struct {
	Start  int64 // in spans since the epoch
	Counts []byte
}

// AddTo returns what the changes make of the rows of a rollup by spans of so many
// minutes, which read adds to counts.
func (ch Changes) AddTo(minutes int64, read func(start int64, to *Counts) error) ([]Packed, error) {
	places := slices.SortedFunc(maps.Keys(ch), func(a, b place) int { return cmp.Compare(a.minute, b.minute) })
	var rows []Packed
	for len(places) > 0 {
		start := places[0].minute / minutes
		var sum Counts
		if err := read(start, &sum); err != nil {
			return nil, err
		}
		for len(places) > 0 && places[0].minute/minutes == start {
			sum[places[0].cell] += ch[places[0]]
			places = places[1:]
		}
		text, err := sum.Pack()
		if err != nil {
			return nil, err
		}
		rows = append(rows, Packed{start, text})
	}
	return rows, nil
}

// Starts are the spans of so many minutes that the changes are of, in order.
func (ch Changes) Starts(minutes int64) []int64 {
	starts := make([]int64, 0, len(ch))
	for p := range ch {
		starts = append(starts, p.minute/minutes)
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}
