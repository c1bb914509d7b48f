package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

//go:embed requirements.py
var requirementsProgram string

// python has what requirements.txt lists, and packaging.
const python = "predictor/.venv/bin/python"

// spdxOf are licences as packages name them, where that is no SPDX name. BSD License is
// none of them: it may be any, so that who says no more is named below.
var spdxOf = map[string]string{
	"Apache Software License":            "Apache-2.0",
	"MIT License":                        "MIT",
	"3-Clause BSD License":               "BSD-3-Clause",
	"Python Software Foundation License": "PSF-2.0",
}

// readByHand are the licences in the packages of those that do not say which.
var readByHand = map[string]string{"numpy": "BSD-3-Clause", "scipy": "BSD-3-Clause"}

// servesPython lists what `predictor serve` stands on, whole; what others list is for
// training and extras, without what that brings along.
const servesPython = "predictor/requirements.txt"

// pythonParts are the packages of a list, by what they say of themselves. None of them
// is in an archive: pip brings them.
func pythonParts(requirements string) ([]part, error) {
	cmd := exec.Command(python, "-c", requirementsProgram, requirements)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w (make build sets Python up)", requirements, err)
	}
	var found struct {
		Pinned []struct {
			Name, Version string
			Licenses      []string
		}
		Lacks []string
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, err
	}
	if requirements == servesPython && len(found.Lacks) > 0 {
		return nil, fmt.Errorf("%s: does not pin %v, which its packages want", requirements, found.Lacks)
	}
	var parts []part
	for _, f := range found.Pinned {
		for i, name := range f.Licenses {
			if spdx, ok := spdxOf[name]; ok {
				f.Licenses[i] = spdx
			}
		}
		p := part{Kind: "pypi", Name: f.Name, Version: f.Version, License: strings.Join(f.Licenses, " OR ")}
		if license, ok := readByHand[f.Name]; ok {
			p.License = license
		}
		parts = append(parts, p)
	}
	return sorted(parts), nil
}
