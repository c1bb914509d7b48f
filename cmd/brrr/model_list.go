package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

type modelListCmd struct {
	modelsDir
}

// Run lists every folder, broken ones with what is wrong.
func (c *modelListCmd) Run(io streams) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	names, err := modelNames(dir)
	if err != nil {
		return err
	}
	active, err := readActive(dir)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, name := range names {
		rows = append(rows, modelRow(dir, name, name == active))
		if name == active {
			active = ""
		}
	}
	if active != "" { // it names none of them
		rows = append(rows, modelRow(dir, active, true))
	}
	return printTable(io.out, []string{"NAME", "VERSION", "TRAINED", "AVERAGE PRECISION", "BRIER", "NOTE"}, rows)
}

// modelNames are the folders in dir. Those with a dot are being made.
func modelNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name())) // a link counts as what it leads to
		if err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// readActive is the name in the file active, or empty if there is no such file.
func readActive(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, activeFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

func modelRow(dir, name string, active bool) []string {
	var notes []string
	if active {
		notes = append(notes, "active")
	}
	m, err := readManifest(filepath.Join(dir, name))
	if err != nil {
		return []string{name, "-", "-", "-", "-", strings.Join(append(notes, "broken: "+err.Error()), ", ")}
	}
	figure := func(name string) string {
		value, ok := m.Metrics[name]
		return showFigure(value, ok)
	}
	return []string{name, m.Version, m.TrainedAt, figure("average_precision"), figure("brier"), strings.Join(notes, ", ")}
}
