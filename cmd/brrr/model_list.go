package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type modelListCmd struct {
	modelsDir
	output
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
	var found []listedModel
	for _, name := range names {
		found = append(found, describeModel(dir, name, name == active))
		if name == active {
			active = ""
		}
	}
	if active != "" { // it names none of them
		found = append(found, describeModel(dir, active, true))
	}
	if c.json() {
		return printLines(io.out, found)
	}
	rows := make([][]string, len(found))
	for i, m := range found {
		rows[i] = m.row()
	}
	return io.table(modelColumns, rows)
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

// listedModel is a folder with a model, or with what was to be one.
type listedModel struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
	*manifest
	Broken string `json:"broken,omitempty"` // why it cannot be used
}

func describeModel(dir, name string, active bool) listedModel {
	m, err := readManifest(filepath.Join(dir, name))
	if err != nil {
		return listedModel{Name: name, Active: active, Broken: err.Error()}
	}
	return listedModel{Name: name, Active: active, manifest: &m}
}

var modelColumns = []column{{head: "NAME"}, {head: "VERSION", rank: 2}, {head: "TRAINED (UTC)", rank: 3},
	{head: "AVERAGE PRECISION", right: true, rank: 1}, {head: "BRIER", right: true, rank: 4}, {head: "NOTE", prose: true}}

func (m listedModel) row() []string {
	var notes []string
	if m.Active {
		notes = append(notes, "active")
	}
	if m.Broken != "" {
		return []string{m.Name, "-", "-", "-", "-", strings.Join(append(notes, "broken: "+m.Broken), ", ")}
	}
	figure := func(name string) string {
		value, ok := m.Metrics[name]
		return showFigure(value, ok)
	}
	return []string{m.Name, m.Version, showTrained(m.TrainedAt), figure("average_precision"), figure("brier"), strings.Join(notes, ", ")}
}

// showTrained shows the time of a manifest, or what stands there instead.
func showTrained(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return cmp.Or(text, "-")
	}
	return t.UTC().Format(momentForm)
}
