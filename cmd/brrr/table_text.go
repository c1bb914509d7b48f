package main

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// textWidth is how many columns of a terminal a text takes: two for each wide
// letter.
func textWidth(text string) int { return uniseg.StringWidth(text) }

// clean makes one line of a text, and nothing that steers a terminal: names and
// notes are somebody else's.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// letters splits a text where a reader sees one letter end.
func letters(text string) []string {
	var all []string
	for state := -1; text != ""; {
		var letter string
		letter, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		all = append(all, letter)
	}
	return all
}

// shorten leaves out the middle of a text that is too wide: IDs that begin alike
// often end differently.
func shorten(text string, width int) string {
	if textWidth(text) <= width {
		return text
	}
	all := letters(text)
	front, back := 0, len(all)
	room := width - textWidth("…")
	for atFront := true; front < back; atFront = !atFront {
		next := all[back-1]
		if atFront {
			next = all[front]
		}
		if room -= textWidth(next); room < 0 {
			break
		}
		if atFront {
			front++
		} else {
			back--
		}
	}
	return strings.Join(all[:front], "") + "…" + strings.Join(all[back:], "")
}

// wrap divides a text into lines between words, and within words that are wider
// than a line.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case textWidth(*last)+1+textWidth(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
		for textWidth(lines[len(lines)-1]) > width {
			head, tail := split(lines[len(lines)-1], width)
			lines = append(lines[:len(lines)-1], head, tail)
		}
	}
	return lines
}

// split divides a text so that the head is at most width wide, but never empty.
func split(text string, width int) (head, tail string) {
	for i, letter := range letters(text) {
		if i > 0 && textWidth(head)+textWidth(letter) > width {
			break
		}
		head += letter
	}
	return head, text[len(head):]
}
