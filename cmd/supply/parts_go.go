package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// usedPackages tells of each package in the binary that is of another module what the
// module is, and where both are.
const usedPackages = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Sum}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}"

// goParts are the modules that are in the binary.
func goParts(t target) ([]part, error) {
	list, err := goSays(t, "list", "-deps", "-f", usedPackages, "./cmd/brrr")
	if err != nil {
		return nil, err
	}
	type module struct{ path, version, sum, folder string }
	packages := map[module][]string{}
	for line := range strings.Lines(list) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 5 { // else it is Go's or ours
			m := module{f[0], f[1], f[2], f[3]}
			packages[m] = append(packages[m], f[4])
		}
	}
	var parts []part
	for m, folders := range packages {
		p := part{Kind: "golang", Name: m.path, Version: m.version, Shipped: true}
		if p.Hash, err = parseHash(m.sum); err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		if p.Texts, err = licenseFilesOf(m.path, m.folder, folders); err != nil {
			return nil, err
		}
		if p.License, err = licenseOf(p.Texts); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return sorted(parts), nil
}

// goLibrary is what Go itself puts into the binary.
func goLibrary(version string) (part, error) {
	root, err := goSays(target{}, "env", "GOROOT")
	return part{
		Kind: "golang", Name: "std", Version: strings.TrimPrefix(version, "go"), License: "BSD-3-Clause",
		Texts: []string{filepath.Join(root, "LICENSE")}, Shipped: true,
	}, err
}
