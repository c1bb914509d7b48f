package main

import (
	"slices"
	"strings"
	"unsafe"
)

// concealed are the flags whose values are, or may hold, a secret.
var concealed = []string{"--key", "--store"}

// conceal returns a copy of a command line and blanks the secrets in the original: on
// Unix that is the memory which ps shows to every user of the machine. They can be
// seen for the milliseconds until then; in the environment, or a file, never.
func conceal(args []string) []string {
	kept := make([]string, len(args))
	for i, arg := range args {
		kept[i] = strings.Clone(arg)
	}
	for i, arg := range kept {
		if flag, secret, ok := strings.Cut(arg, "="); ok && slices.Contains(concealed, flag) {
			blank(args[i][len(arg)-len(secret):])
		} else if i > 0 && slices.Contains(concealed, kept[i-1]) {
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
