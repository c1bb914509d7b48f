package main

import (
	"cmp"
	"fmt"
	"slices"
)

// part is a package of others that we are made of, or that is wanted at run time.
type part struct {
	Kind    string // golang, npm or pypi, as package URLs call them
	Name    string
	Version string // empty: whichever pip takes
	License string // an SPDX expression
	dir     string // where its licence's text is; empty: it is not shipped
}

// purl is its package URL.
func (p part) purl() string {
	url := fmt.Sprintf("pkg:%s/%s", p.Kind, escapeScope(p.Name))
	if p.Version != "" {
		url += "@" + p.Version
	}
	return url
}

// escapeScope spells the @ of an npm scope as package URLs do.
func escapeScope(name string) string {
	if name[0] == '@' {
		return "%40" + name[1:]
	}
	return name
}

func sorted(parts []part) []part {
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return slices.Compact(parts)
}
