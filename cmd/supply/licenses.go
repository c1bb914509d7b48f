package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
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

const licensesFoot = `
Wheels of numpy and scipy bring OpenBLAS (BSD-3-Clause) and GCC's runtime libraries (GPL-3.0 with the
runtime library exception) along. What the packages of the last table bring along is whatever pip takes.
`

type section struct {
	title string
	parts []part
}

// licensesText is the table of all that the binary, the console and the Python server
// stand on.
func licensesText() (string, error) {
	sections, err := licensesSections()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(licensesHead)
	var refused []error
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n| package | version | licence |\n|---|---|---|\n", s.title)
		for _, p := range s.parts {
			refused = append(refused, refuse(p))
			fmt.Fprintf(&b, "| %s | %s | %s |\n", p.Name, p.Version, p.License)
		}
	}
	b.WriteString(licensesFoot)
	return b.String(), errors.Join(refused...)
}

func licensesSections() ([]section, error) {
	// That of the go which builds is in the release's parts list.
	oldest, err := goSays(target{}, "list", "-m", "-f", "{{.GoVersion}}")
	if err != nil {
		return nil, err
	}
	library, err := goLibrary(oldest + " or newer")
	if err != nil {
		return nil, err
	}
	inBinary := []part{library}
	for _, t := range targets {
		parts, err := goParts(t)
		if err != nil {
			return nil, err
		}
		inBinary = append(inBinary, parts...)
	}
	inConsole, err := npmParts()
	if err != nil {
		return nil, err
	}
	toServe, err := pythonParts(servesPython)
	if err != nil {
		return nil, err
	}
	var further []part
	for _, kind := range []string{"train", "onnx", "trace", "ray"} {
		parts, err := pythonParts("predictor/requirements-" + kind + ".txt")
		if err != nil {
			return nil, err
		}
		further = append(further, parts...)
	}
	return []section{
		{"In the binary, on any target", sorted(inBinary)},
		{"In the console and the npm client", sorted(slices.Collect(maps.Values(inConsole)))},
		{"Wanted by the Python server; pip brings it, no archive has it", toServe},
		{"Wanted to train, for ONNX, for traces and on Ray; likewise", sorted(further)},
	}, nil
}
