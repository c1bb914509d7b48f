package main

import (
	"cmp"
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
	"Apache 2.0":                         "Apache-2.0",
	"MIT License":                        "MIT",
	"3-Clause BSD License":               "BSD-3-Clause",
	"Python Software Foundation License": "PSF-2.0",
}

// readByHand are the licences in the packages of those that do not say which.
var readByHand = map[string]string{"numpy": "BSD-3-Clause", "scipy": "BSD-3-Clause"}

// servesPython lists what `predictor serve` stands on, whole; what others list is for
// training and extras, without what that brings along.
const servesPython = "predictor/requirements.txt"

// pythonParts are the packages of a list. None of them is in an archive: pip brings them.
func pythonParts(requirements string) ([]part, error) {
	parts, lacks, err := readRequirements(requirements)
	if err == nil && requirements == servesPython && len(lacks) > 0 {
		err = fmt.Errorf("does not pin %v, which its packages want", lacks)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", requirements, err)
	}
	return parts, nil
}

// readRequirements reads a list of packages, by what they say of themselves, and what
// they want that it lacks.
func readRequirements(requirements string) (parts []part, lacks []string, err error) {
	cmd := exec.Command(python, "-c", requirementsProgram, requirements)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("%w (make build sets Python up)", err)
	}
	var found struct {
		Pinned []struct {
			Name, Version string
			Licenses      []string
		}
		Lacks []string
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, nil, err
	}
	for _, f := range found.Pinned {
		for i, name := range f.Licenses {
			f.Licenses[i] = cmp.Or(spdxOf[name], name)
		}
		license := cmp.Or(readByHand[f.Name], strings.Join(f.Licenses, " OR "))
		parts = append(parts, part{Kind: "pypi", Name: f.Name, Version: f.Version, License: license})
	}
	return sorted(parts), found.Lacks, nil
}
