package main

import (
	"fmt"
	"slices"
	"strings"
)

// allowed are the licences that we may ship under Apache-2.0: none of them asks that
// what is built upon it be published.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "PSF-2.0", "Unlicense", "Zlib", "blessing"}

// marks are sentences by which the text of a licence is known. A text that has those of
// several is under all of them.
var marks = []struct{ license, sentence string }{
	{"AGPL", "gnu affero general public license"},
	{"LGPL", "gnu lesser general public license"},
	{"GPL", "gnu general public license"},
	{"MPL-2.0", "mozilla public license"},
	{"EPL", "eclipse public license"},
	{"Apache-2.0", "apache license version 2.0"},
	{"BSD-3-Clause", "neither the name"},
	{"BSD-3-Clause", "neither name of"},
	{"BSD-3-Clause", "the names of its contributors may not be used"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software"},
	{"ISC", "permission to use, copy, modify, and distribute this software"},
	{"MIT", "permission is hereby granted, free of charge"},
	{"Unlicense", "this is free and unencumbered software released into the public domain"},
	{"blessing", "sqlite is public domain"}, // as SPDX calls SQLite's
}

// bsd is in both forms: the one without a sentence about names has two clauses.
const bsd = "redistribution and use in source and binary forms"

// classify is the SPDX expression of a text, or empty if it is no licence that is known.
func classify(text string) string {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	text = strings.ReplaceAll(text, "license, version", "license version")
	var found []string
	for _, m := range marks {
		if strings.Contains(text, m.sentence) {
			found = append(found, m.license)
		}
	}
	if strings.Contains(text, bsd) && !slices.Contains(found, "BSD-3-Clause") {
		found = append(found, "BSD-2-Clause")
	}
	return all(found)
}

// all is the expression of several licences at once, each of which may be several too.
func all(licenses []string) string {
	found := strings.Split(strings.Join(licenses, " AND "), " AND ")
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " AND ")
}

// refuse names a licence that is unknown, or not allowed. Of those that a part may be
// used under (OR), one that is allowed is enough.
func refuse(p part) error {
	for _, together := range strings.Split(p.License, " AND ") {
		choices := strings.Split(strings.Trim(together, "()"), " OR ")
		if !slices.ContainsFunc(choices, func(license string) bool { return slices.Contains(allowed, license) }) {
			return fmt.Errorf("%s %s: licence %q is unknown or not allowed (cmd/supply/spdx.go)", p.Kind, p.Name, p.License)
		}
	}
	return nil
}
