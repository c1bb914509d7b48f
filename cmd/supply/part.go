package main

import (
	"cmp"
	"slices"
	"strings"
)

// part is a package of others that we are made of, or that is wanted at run time.
type part struct {
	Kind    string // golang, npm or pypi, as package URLs call them
	Name    string
	Version string
	License string   // an SPDX expression
	Hash    hash     // what its lock file holds it to; may be empty
	Texts   []string // files with its licence; those of npm may have none
	Shipped bool     // it is in an archive; else pip brings it
}

// purl is its package URL.
func (p part) purl() string {
	spelt := strings.NewReplacer("@", "%40", "+", "%2B")
	return "pkg:" + p.Kind + "/" + spelt.Replace(p.Name) + "@" + spelt.Replace(p.Version)
}

// sorted are parts in order, each once.
func sorted(parts []part) []part {
	slices.SortFunc(parts, compare)
	return slices.CompactFunc(parts, func(a, b part) bool { return compare(a, b) == 0 })
}

func compare(a, b part) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
}
