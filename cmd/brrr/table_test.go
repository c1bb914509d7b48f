package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// laidOut is a table as it is on a screen.
func laidOut(s screen, columns []column, rows [][]string) string {
	var out strings.Builder
	writeTable(&out, s, columns, rows)
	return out.String()
}

func TestATableDropsTheLeastColumnsAndSaysWhich(t *testing.T) {
	columns := []column{{head: "ID"}, {head: "SIZE", right: true}, {head: "MADE", rank: 1}, {head: "BY", rank: 2}}
	rows := [][]string{{"first-one", "7", "yesterday", "somebody"}, {"second", "1234", "", "nobody"}}
	for width, want := range map[int]string{
		0: `ID         SIZE  MADE       BY
first-one     7  yesterday  somebody
second     1234             nobody
`,
		36: `ID         SIZE  MADE       BY
first-one     7  yesterday  somebody
second     1234             nobody
`,
		35: `ID         SIZE  MADE
first-one     7  yesterday
second     1234
Not shown for want of room: BY. -o
json has all.
`,
		25: `ID         SIZE
first-one     7
second     1234
Not shown for want of
room: MADE, BY. -o json
has all.
`,
		14: `ID        SIZE
firs…one     7
second    1234
Not shown for
want of room:
MADE, BY. What
has … is
shortened. -o
json has all.
`,
	} {
		if got := laidOut(screen{width: width}, columns, rows); got != want {
			t.Errorf("in %d columns it is\n%s, not\n%s", width, got, want)
		}
	}
}

func TestProseGoesOnInItsOwnColumn(t *testing.T) {
	columns := []column{{head: "NAME"}, {head: "NOTE", prose: true}}
	rows := [][]string{{"a", "what was said about it, and what became of it"}, {"b", "nothing"}}
	want := `NAME  NOTE
a     what was said about it,
      and what became of it
b     nothing
`
	if got := laidOut(screen{width: 30}, columns, rows); got != want {
		t.Errorf("it is\n%s, not\n%s", got, want)
	}
}

// TestNoLineIsWiderThanTheTerminal tries what there is of columns and letters at
// many widths.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	columns := []column{{head: "ID"}, {head: "AMOUNT", right: true, rank: 1}, {head: "名前", rank: 2}, {head: "TEXT", prose: true}}
	rows := [][]string{
		{strings.Repeat("x", 128), "1.00 EUR", "日本語の店", strings.Repeat("wide 日本語 ", 12)},
		{"e\u0301", "12345678.00", "👩‍👩‍👧", strings.Repeat("longword", 20)},
	}
	for width := 40; width <= 260; width++ {
		for line := range strings.Lines(laidOut(screen{width: width}, columns, rows)) {
			if wide := textWidth(strings.TrimSuffix(line, "\n")); wide > width {
				t.Errorf("%d columns in %d: %q", wide, width, line)
			}
		}
	}
}

func TestAnIDIsShortenedInItsMiddle(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"payment-0001", 12, "payment-0001"},
		{"payment-0001", 9, "paym…0001"},
		{"payment-0001", 1, "…"},
		{"日本語日本語", 6, "日…語"},
		{"日本語日本語", 7, "日本…語"},
	} {
		if got := shorten(c.text, c.width); got != c.want {
			t.Errorf("%s in %d: %s, not %s", c.text, c.width, got, c.want)
		}
	}
}

func TestFraudStandsOutWithAndWithoutColour(t *testing.T) {
	columns, rows := []column{{head: "LABEL"}}, [][]string{{"FRAUD"}, {"legitimate"}}
	for name, c := range map[string]struct {
		screen screen
		want   string
	}{
		"plain":  {screen{width: 80}, "LABEL\nFRAUD\nlegitimate\n"},
		"colour": {screen{width: 80, colour: true}, "\x1b[1mLABEL\x1b[0m\n\x1b[1;31mFRAUD\x1b[0m\nlegitimate\n"},
	} {
		if got := laidOut(c.screen, columns, rows); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatOthersWroteSteersNoTerminal(t *testing.T) {
	got := laidOut(screen{}, []column{{head: "NAME"}}, [][]string{{"a\x1b[2Jb\nc\u202ed"}})
	if got != "NAME\na\uFFFD[2Jb\uFFFDc\uFFFDd\n" {
		t.Errorf("%q", got)
	}
}

func TestOffATerminalEverythingIsShownInFull(t *testing.T) {
	t.Setenv("COLUMNS", "20")
	var out bytes.Buffer
	id := strings.Repeat("x", 128)
	if err := (streams{nil, &out, nil}).table([]column{{head: "ID"}, {head: "REST", rank: 1}}, [][]string{{id, "rest"}}); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%-128s  REST\n%s  rest\n", "ID", id); out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestAgesAreInTheUnitThatAPersonWouldTake(t *testing.T) {
	const hour, day = 3600, 86400
	for want, seconds := range map[string]int32{"0 s": 0, "119 s": 119, "2 min": 120, "119 min": 2*hour - 1, "2 h": 2 * hour,
		"47 h": 2*day - 1, "12 d": 12 * day, "730 d": 730 * day, "2 y": 731 * day, "68 y": 2147483647} {
		if got := showAge(seconds); got != want {
			t.Errorf("%d: %s, not %s", seconds, got, want)
		}
	}
}

func TestTimesAreReadAsTablesShowThem(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02T03:04:05+01:00": "2026-01-02 02:04:05", "2026-01-02 03:04:05": "2026-01-02 03:04:05",
		"2026-01-02 03:04": "2026-01-02 03:04:00", "2026-01-02": "2026-01-02 00:00:00",
	} {
		var read instant
		if err := read.UnmarshalText([]byte(text)); err != nil || showTime(read.timestamp()) != want {
			t.Errorf("%s: %s, %v", text, showTime(read.timestamp()), err)
		}
	}
	for _, text := range []string{"", "soon", "2026-13-01", "03:04:05"} {
		if err := new(instant).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "2026-01-02T15:04:05Z") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
