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

// Span are the first span of so many minutes that the changes are of, and the one
// behind the last.
func (ch Changes) Span(minutes int64) (first, end int64) {
	once := true
	for p := range ch {
		start := p.minute / minutes
		if once || start < first {
			first = start
		}
		if once || start >= end {
			end = start + 1
		}
		once = false
	}
	return first, end
}
