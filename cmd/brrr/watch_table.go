package main

import (
	"fmt"
	"strings"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// watchTable writes rows as they come, in columns whose widths are settled
// before the first. IDs stand last, where a long one moves no other column.
type watchTable struct {
	io      streams
	layout  layout
	columns []watchColumn
	begun   bool
}

// watchColumn is what a row of an assessment, or of an outcome, has in a column.
type watchColumn struct {
	column
	width    int
	activity func(*fraudactivityv1.FraudActivity) string
	outcome  func(*fraudactivityv1.Outcome) string
}

func newWatchTable(io streams, outcomes bool) *watchTable {
	s := io.screen()
	form := momentForm
	if s.width > 0 {
		form = clockForm // whoever looks on knows the day
	}
	none := func(*fraudactivityv1.Outcome) string { return "" }
	columns := []watchColumn{
		{column{head: "TIME (UTC)", rank: 2}, len(form), func(a *fraudactivityv1.FraudActivity) string {
			return a.Assessment.GetAssessedAt().AsTime().Format(form)
		},
			func(o *fraudactivityv1.Outcome) string { return o.ReportedAt.AsTime().Format(form) }},
		{labelColumn.column, len("legitimate"), labelColumn.cell, none},
		{percentColumn.column, len("100.00 %"), percentColumn.cell, none},
		{amountColumn.column, len("123456.78 EUR"), amountColumn.cell, none},
	}
	if outcomes {
		columns = append(columns, watchColumn{column{head: "OUTCOME"}, len("legitimate"), outcomeColumn.cell, showOutcome})
	}
	columns = append(columns,
		watchColumn{accountColumn.column, 16, accountColumn.cell, none},
		watchColumn{idColumn.column, 16, idColumn.cell, (*fraudactivityv1.Outcome).GetTransactionId})
	heads, widths := make([]column, len(columns)), make([]int, len(columns))
	for i, c := range columns {
		heads[i], widths[i] = c.column, max(c.width, textWidth(c.head))
	}
	l := fit(s, heads, widths)
	if s.width > 0 { // what is left over is the ID's
		l.shown[len(l.shown)-1].width -= l.missing()
	}
	return &watchTable{io: io, layout: l, columns: columns}
}

// show writes the row of one message. A heartbeat has none, but the first one
// tells that the stream is open, and brings the head.
func (t *watchTable) show(m *watched) error {
	var out strings.Builder
	if !t.begun {
		t.begun = true
		t.layout.writeNote(&out)
		t.layout.writeHead(&out)
	}
	if m.LeftOut > 0 {
		note := fmt.Sprintf("… %d left out, %d of them %s", m.LeftOut, m.LeftOutFlagged, loud)
		fmt.Fprintln(&out, t.layout.screen.style(dim, note))
	}
	if cells := t.cells(m); cells != nil {
		if !t.layout.short && t.layout.shortens(cells) {
			t.layout.short, t.layout.hidden = true, nil // those were told
			t.layout.writeNote(&out)
		}
		t.layout.writeRow(&out, cells)
	}
	_, err := fmt.Fprint(t.io.out, out.String())
	return err
}

// cells are nil for a message without a row.
func (t *watchTable) cells(m *watched) (cells []string) {
	for _, c := range t.columns {
		switch event := m.Event.(type) {
		case *fraudactivityv1.WatchFraudActivityResponse_FraudActivity:
			cells = append(cells, c.activity(event.FraudActivity))
		case *fraudactivityv1.WatchFraudActivityResponse_Outcome:
			cells = append(cells, c.outcome(event.Outcome))
		}
	}
	return cells
}
