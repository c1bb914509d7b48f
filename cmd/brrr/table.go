package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// column is one column of a table.
type column struct {
	head  string
	right bool // aligned on the right, as numbers are
	prose bool // goes on in the line below; at most one, the last
	// rank tells which columns go when not all fit: the highest first, 0 never.
	rank int
}

// table writes rows under a head, in columns as wide as they need to be. On a
// terminal no line is wider than the terminal.
func (s streams) table(columns []column, rows [][]string) error {
	var out strings.Builder
	writeTable(&out, s.screen(), columns, rows)
	_, err := io.WriteString(s.out, out.String())
	return err
}

func writeTable(w io.Writer, s screen, columns []column, rows [][]string) {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = textWidth(c.head)
		for _, row := range rows {
			widths[i] = max(widths[i], textWidth(clean(row[i])))
		}
	}
	l := fit(s, columns, widths)
	l.writeHead(w)
	for _, row := range rows {
		l.writeRow(w, row)
	}
	if len(rows) == 0 && s.width > 0 {
		fmt.Fprintln(w, s.style(dim, "none"))
	}
	l.writeNote(w)
}

// layout is a table's columns as they are shown.
type layout struct {
	screen screen
	shown  []shownColumn
	hidden []string // heads
	short  bool     // some cells may be shortened
}

type shownColumn struct {
	column
	at    int // of the cell in a row
	width int
}

const (
	gap        = 2  // between columns
	proseWidth = 24 // least width of prose
	shortest   = 8  // least width of a cell that is shortened
)

// fit gives each column its width. Where there is not enough room, columns go
// in the order of their ranks, and then the widest one that is left is shortened.
func fit(s screen, columns []column, widths []int) layout {
	l := layout{screen: s}
	for i, c := range columns {
		l.shown = append(l.shown, shownColumn{c, i, widths[i]})
	}
	if s.width == 0 {
		return l
	}
	for l.missing() > 0 && l.hideOne() {
	}
	for l.missing() > 0 && l.shortenOne() {
	}
	if last := &l.shown[len(l.shown)-1]; last.prose {
		last.width = min(last.width, max(shortest, min(last.width, proseWidth)-l.missing()))
	}
	return l
}

// missing is by how many columns of the terminal the table is too wide.
func (l *layout) missing() int {
	width := gap*(len(l.shown)-1) - l.screen.width
	for _, c := range l.shown {
		if c.prose {
			width += min(c.width, proseWidth)
		} else {
			width += c.width
		}
	}
	return width
}

// hideOne reports whether there was a column that may go.
func (l *layout) hideOne() bool {
	least := 0
	for i, c := range l.shown {
		if c.rank > l.shown[least].rank {
			least = i
		}
	}
	if l.shown[least].rank == 0 {
		return false
	}
	l.hidden = append([]string{l.shown[least].head}, l.hidden...)
	l.shown = append(l.shown[:least:least], l.shown[least+1:]...)
	return true
}

// shortenOne reports whether there was a column wide enough.
func (l *layout) shortenOne() bool {
	widest := 0
	for i, c := range l.shown {
		if !c.prose && c.width > l.shown[widest].width {
			widest = i
		}
	}
	c := &l.shown[widest]
	if c.prose || c.width <= shortest {
		return false
	}
	c.width = max(shortest, c.width-l.missing())
	l.short = true
	return true
}

// shortens reports whether a row is wider than the columns that it is shown in.
func (l *layout) shortens(cells []string) bool {
	return l.screen.width > 0 && slices.ContainsFunc(l.shown, func(c shownColumn) bool {
		return !c.prose && textWidth(clean(cells[c.at])) > c.width
	})
}

func (l *layout) writeHead(w io.Writer) {
	l.write(w, func(c shownColumn) string { return c.head }, func(string) string { return bold })
}

// loud is the word that must not be overlooked: also without colour, since no
// other is in capitals.
const loud = "FRAUD"

func (l *layout) writeRow(w io.Writer, cells []string) {
	l.write(w, func(c shownColumn) string { return clean(cells[c.at]) }, func(text string) string {
		if text == loud {
			return boldRed
		}
		return plain
	})
}

// write writes a row: one line, or more where prose goes on.
func (l *layout) write(w io.Writer, cell func(shownColumn) string, style func(text string) string) {
	for line, lines := 0, 1; line < lines; line++ {
		var b strings.Builder
		spaces := 0 // owed, so that no line ends in them
		for _, c := range l.shown {
			texts := []string{cell(c)}
			if l.screen.width > 0 {
				texts = c.lines(texts[0])
			}
			lines = max(lines, len(texts))
			text := ""
			if line < len(texts) {
				text = texts[line]
			}
			rest := max(0, c.width-textWidth(text))
			if text == "" {
				spaces += rest + gap
				continue
			}
			if c.right {
				spaces, rest = spaces+rest, 0
			}
			b.WriteString(strings.Repeat(" ", spaces))
			b.WriteString(l.screen.style(style(text), text))
			spaces = rest + gap
		}
		fmt.Fprintln(w, b.String())
	}
}

// lines is a cell within its column's width.
func (c shownColumn) lines(text string) []string {
	if c.prose {
		return wrap(text, c.width)
	}
	return []string{shorten(text, c.width)}
}

// writeNote tells what is missing, so that nobody takes a part for the whole.
func (l *layout) writeNote(w io.Writer) {
	var said []string
	if len(l.hidden) > 0 {
		said = append(said, "Not shown for want of room: "+strings.Join(l.hidden, ", ")+".")
	}
	if l.short {
		said = append(said, "What has … is shortened.")
	}
	if len(said) == 0 {
		return
	}
	for _, line := range wrap(strings.Join(said, " ")+" -o json has all.", l.screen.width) {
		fmt.Fprintln(w, l.screen.style(dim, line))
	}
}

// say writes a sentence about a table, broken between words on a terminal.
func (s streams) say(format string, args ...any) {
	lines := []string{fmt.Sprintf(format, args...)}
	if width := s.screen().width; width > 0 {
		lines = wrap(lines[0], width)
	}
	fmt.Fprintln(s.out, strings.Join(lines, "\n"))
}
