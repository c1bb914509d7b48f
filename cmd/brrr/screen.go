package main

import (
	"cmp"
	"os"
	"strconv"

	"golang.org/x/term"
)

// screen is what standard output can show. The zero screen is a file or a pipe:
// everything is written in full, and plain.
type screen struct {
	width  int // columns; 0: no terminal
	colour bool
}

// usualWidth is for terminals that do not know theirs.
const usualWidth = 80

// screen looks at what standard output is. COLUMNS is what the user says of a
// terminal, NO_COLOR (no-color.org) and TERM=dumb keep it plain.
func (s streams) screen() screen {
	file, ok := s.out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return screen{}
	}
	width, _ := strconv.Atoi(os.Getenv("COLUMNS"))
	if width <= 0 {
		width, _, _ = term.GetSize(int(file.Fd())) // 0 if it cannot be told
	}
	return screen{
		width:  cmp.Or(width, usualWidth),
		colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}

// What Select Graphic Rendition (ECMA-48) calls them.
const (
	plain   = ""
	bold    = "1"
	dim     = "2"
	boldRed = "1;31"
)

func (s screen) style(how, text string) string {
	if !s.colour || how == plain {
		return text
	}
	return "\x1b[" + how + "m" + text + "\x1b[0m"
}
