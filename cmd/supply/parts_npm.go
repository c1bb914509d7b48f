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

// console is what was built into web/dist, where the binary takes it from.
type console struct {
	node  string // the version that built it: others may pack its files otherwise
	parts []part // whose code is in it
}

func buildConsole() (console, error) {
	cmd := exec.Command("node", "--input-type=module", "--eval", consoleProgram)
	cmd.Dir, cmd.Stderr = "web", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return console{}, fmt.Errorf("vite: %w", err)
	}
	var built struct {
		Node    string
		Folders []string
	}
	if err := json.Unmarshal(out, &built); err != nil {
		return console{}, err
	}
	parts, err := lockedParts(built.Folders)
	return console{built.Node, parts}, err
}

// lockedParts are the packages in these folders.
func lockedParts(folders []string) ([]part, error) {
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
