package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// draw is a trace as docs/operations.md shows one: go test -v -run TestTraces prints it.
func draw(spans map[string]taken) string {
	var text strings.Builder
	began := spans["caller"].StartTimeUnixNano
	var below func(parent []byte, depth int)
	below = func(parent []byte, depth int) {
		var parts []taken
		for _, s := range spans {
			if bytes.Equal(s.ParentSpanId, parent) {
				parts = append(parts, s)
			}
		}
		slices.SortFunc(parts, func(a, b taken) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
		for _, s := range parts {
			short := s.Name[strings.LastIndex(s.Name, "/")+1:]
			fmt.Fprintf(&text, "%-16s%-36s%8.3f%8.3f\n", s.service[:min(14, len(s.service))], strings.Repeat("  ", depth)+short,
				float64(s.StartTimeUnixNano-began)/1e6, float64(s.EndTimeUnixNano-s.StartTimeUnixNano)/1e6)
			below(s.SpanId, depth+1)
		}
	}
	below(spans["caller"].ParentSpanId, 0)
	return "\n" + text.String()
}
