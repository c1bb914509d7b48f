package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

type licensesCmd struct {
	Check bool `help:"Write nothing; fail if the file is out of date."`
}

const licensesFile = "docs/licenses.md"

// Run writes or checks the table. A licence that may not be shipped fails either way.
func (c *licensesCmd) Run() error {
	text, err := licensesText()
	if err != nil {
		return err
	}
	if !c.Check {
		return os.WriteFile(licensesFile, []byte(text), 0o644)
	}
	is, err := os.ReadFile(licensesFile)
	if err != nil {
		return err
	}
	if string(is) != text {
		return errors.New(licensesFile + " is out of date: make licenses")
	}
	return nil
}

const licensesHead = `# Licences

Written by ` + "`make licenses`" + ` from the modules, lock files and packages themselves; ` + "`make lint`" + ` fails
if it is out of date, and on a licence that is unknown or asks that what is built upon it be published.
The texts are in NOTICES.txt of each release.
`

// licensesText is the table of all that the binary, the console and the Python server
// stand on.
func licensesText() (string, error) {
	var inBinary []part
	for _, t := range targets {
		parts, err := goParts(t)
		if err != nil {
			return "", err
		}
		inBinary = append(inBinary, parts...)
	}
	inConsole, err := npmParts()
	if err != nil {
		return "", err
	}
	inPython, err := pythonParts()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(licensesHead)
	var refused []error
	for _, section := range []struct {
		title string
		parts []part
	}{
		{"In the binary, on any target", sorted(inBinary)},
		{"In the console and the npm client", inConsole},
		{"Wanted by the Python server; pip brings it, no archive has it", inPython},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| package | version | licence |\n|---|---|---|\n", section.title)
		for _, p := range section.parts {
			refused = append(refused, refuse(p))
			fmt.Fprintf(&b, "| %s | %s | %s |\n", p.Name, p.Version, p.License)
		}
	}
	b.WriteString("\nWithout a version: whichever pip takes. Wheels of numpy and scipy bring OpenBLAS (BSD-3-Clause) and\nGCC's runtime libraries (GPL-3.0 with the runtime library exception) along.\n")
	return b.String(), errors.Join(refused...)
}
