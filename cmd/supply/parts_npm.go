package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

//go:embed console.mjs
var consoleProgram string

// buildConsole puts the console where the binary takes it from, and returns the folders
// of the packages whose code is in it.
func buildConsole() (folders []string, err error) {
	cmd := exec.Command("node", "--input-type=module", "--eval", consoleProgram)
	cmd.Dir, cmd.Stderr = "web", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("vite: %w", err)
	}
	return folders, json.Unmarshal(out, &folders)
}

// consoleParts are the packages whose code is in the console.
func consoleParts() ([]part, error) {
	folders, err := buildConsole()
	if err != nil {
		return nil, err
	}
	locked, err := npmParts()
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, folder := range folders {
		p, ok := locked[folder]
		if !ok {
			return nil, fmt.Errorf("package-lock.json: %s is in the console, and not among what is for more than development", folder)
		}
		if p.Texts, err = licenseFiles(p.Name, folder); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return sorted(parts), nil
}

// inFolder is where npm puts packages, those of packages too.
const inFolder = "node_modules/"

// npmParts are all that the console and the npm client may have in them, by folder, as
// the lock file tells.
func npmParts() (map[string]part, error) {
	text, err := os.ReadFile("package-lock.json")
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version, License, Integrity string
			Dev, DevOptional, Link      bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, err
	}
	parts := map[string]part{}
	for folder, p := range lock.Packages {
		at := strings.LastIndex(folder, inFolder)
		if at < 0 || p.Dev || p.DevOptional || p.Link {
			continue
		}
		hash, err := parseHash(p.Integrity)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		parts[folder] = part{Kind: "npm", Name: folder[at+len(inFolder):], Version: p.Version, License: strings.Trim(p.License, "()"), Hash: hash, Shipped: true}
	}
	return parts, nil
}
