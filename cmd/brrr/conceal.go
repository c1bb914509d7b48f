package main

import (
	"strings"
	"unsafe"
)

// conceal returns a copy of a command line and blanks the keys in the original: on
// Unix that is the memory which ps shows to every user of the machine. They can be
// seen for the milliseconds until then; in the environment, or a file, never.
func conceal(args []string) []string {
	kept := make([]string, len(args))
	for i, arg := range args {
		kept[i] = strings.Clone(arg)
	}
	for i, arg := range kept {
		if secret, ok := strings.CutPrefix(arg, "--key="); ok {
			blank(args[i][len(arg)-len(secret):])
		} else if i > 0 && kept[i-1] == "--key" {
			blank(args[i])
		}
	}
	return kept
}

// blank overwrites a string, of which nobody else may have a part.
func blank(secret string) {
	bytes := unsafe.Slice(unsafe.StringData(secret), len(secret))
	for i := range bytes {
		bytes[i] = '*'
	}
}
