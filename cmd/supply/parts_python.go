package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed requirements.py
var requirementsProgram string

// spdxOf are what packages call their licences, where that is no SPDX name.
var spdxOf = map[string]string{
	"Apache Software License": "Apache-2.0",
	"MIT License":             "MIT",
	"BSD License":             "BSD-3-Clause", // numpy, scipy
	"3-Clause BSD License":    "BSD-3-Clause",
}

// pythonParts are what `predictor serve` stands on, by predictor/requirements.txt and
// what its packages say of themselves. None of it is in an archive: pip brings it.
func pythonParts() ([]part, error) {
	cmd := exec.Command(filepath.Join("predictor", ".venv", "bin", "python"), "-c", requirementsProgram, "predictor/requirements.txt")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w (make build sets Python up)", err)
	}
	var found []struct{ Name, Version, License string }
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range found {
		p := part{Kind: "pypi", Name: f.Name, Version: f.Version, License: f.License}
		if name, ok := spdxOf[p.License]; ok {
			p.License = name
		}
		parts = append(parts, p)
	}
	return sorted(parts), nil
}
