package main

import (
	"encoding/json"
	"os"
	"strings"
)

// npmParts are what the console and the npm client stand on, by the lock file: what is
// for development alone is not shipped.
func npmParts() ([]part, error) {
	text, err := os.ReadFile("package-lock.json")
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version, License       string
			Dev, Link, DevOptional bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, err
	}
	var parts []part
	for path, p := range lock.Packages {
		_, name, installed := strings.Cut(path, "node_modules/")
		if !installed || p.Dev || p.DevOptional || p.Link {
			continue
		}
		parts = append(parts, part{Kind: "npm", Name: name, Version: p.Version, License: strings.Trim(p.License, "()"), dir: path})
	}
	return sorted(parts), nil
}
