package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// allowed are the licences that we may ship under Apache-2.0: none of them asks that
// what is built upon it be published.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "PSF-2.0", "Unlicense", "Zlib", "blessing"}

// marks are sentences by which the text of a licence is known, the strictest first:
// a text that has two of them is under both.
var marks = []struct{ license, sentence string }{
	{"AGPL-3.0", "gnu affero general public license"},
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
	{"blessing", "may you do good and not evil"},
}

// bsd is in both forms: the one without the sentence about names has two clauses.
const bsd = "redistribution and use in source and binary forms"

// classify is the SPDX expression of a licence's text, or empty.
func classify(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(text, ",\nVersion", " Version")), " "))
	text = strings.ReplaceAll(text, "license, version 2.0", "license version 2.0")
	var found []string
	for _, m := range marks {
		if strings.Contains(text, m.sentence) && !slices.Contains(found, m.license) {
			found = append(found, m.license)
		}
	}
	if strings.Contains(text, bsd) && !slices.Contains(found, "BSD-3-Clause") {
		found = append(found, "BSD-2-Clause")
	}
	slices.Sort(found)
	return strings.Join(found, " AND ")
}

// licenseTexts are the files of a folder that have a licence's text, by name.
func licenseTexts(dir string) (map[string]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "NOTICE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		texts[f.Name()] = string(text)
	}
	return texts, nil
}

// licenseOf is what the texts in a module's folder say.
func licenseOf(p part) (string, error) {
	texts, err := licenseTexts(p.dir)
	if err != nil {
		return "", err
	}
	var found []string
	for name, text := range texts {
		if strings.HasPrefix(strings.ToUpper(name), "NOTICE") || strings.Contains(name, "3RD-PARTY") || strings.Contains(name, "LOGO") {
			continue // about others, and about a picture that is not in the binary
		}
		if license := classify(text); license != "" {
			found = append(found, strings.Split(license, " AND ")...)
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " AND "), nil
}

// refuse names a licence that is unknown, or not allowed.
func refuse(p part) error {
	for _, license := range strings.Split(p.License, " AND ") {
		if !slices.Contains(allowed, license) {
			return fmt.Errorf("%s %s: licence %q is unknown or not allowed (cmd/supply/spdx.go)", p.Kind, p.Name, license)
		}
	}
	return nil
}
