package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// shippedParts are what an archive has in it, and what its Python package wants.
func shippedParts(t target) ([]part, error) {
	inBinary, err := goParts(t)
	if err != nil {
		return nil, err
	}
	inConsole, err := npmParts()
	if err != nil {
		return nil, err
	}
	inPython, err := pythonParts()
	return slices.Concat(inBinary, inConsole, inPython), err
}

// noticesText has the texts that the licences of what is shipped ask to be passed on.
func noticesText(parts []part) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range parts {
		if err := refuse(p); err != nil {
			return nil, err
		}
		if p.dir == "" {
			continue
		}
		texts, err := licenseTexts(p.dir)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "==== %s %s (%s)\n\n", p.Name, p.Version, p.License)
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			fmt.Fprintf(&b, "%s\n\n", bytes.TrimSpace([]byte(texts[name])))
		}
	}
	return b.Bytes(), nil
}
