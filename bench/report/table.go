package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table is one in Markdown.
type table struct {
	heads []string
	rows  [][]string
}

func newTable(heads ...string) *table { return &table{heads: heads} }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// String writes the table; a line that says so if it has no rows.
func (t *table) String() string {
	if len(t.rows) == 0 {
		return "Not measured in this run.\n"
	}
	var out strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			fmt.Fprintf(&out, "| %s ", strings.NewReplacer("|", `\|`, "\n", " ").Replace(cell))
		}
		out.WriteString("|\n")
	}
	line(t.heads)
	out.WriteString("|---" + strings.Repeat("|--:", len(t.heads)-1) + "|\n")
	for _, cells := range t.rows {
		line(cells)
	}
	return out.String()
}

// thousands writes a count with commas.
func thousands[N int | int64 | float64](n N) string {
	digits := fmt.Sprintf("%.0f", float64(n))
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// millis writes microseconds as milliseconds, with three digits.
func millis(micros float64) string { return significant(micros / 1000) }

// significant writes a number with about three digits.
func significant(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// mib writes bytes.
func mib(bytes float64) string { return fmt.Sprintf("%.0f", bytes/(1<<20)) }

// versions writes names with their versions.
func versions(of map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		all = append(all, name+" "+of[name])
	}
	return strings.Join(all, ", ")
}
