// Package report writes what a run saw as a page with plots.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

//go:embed benchmarks.md.tmpl
var page string

// view is what the template sees.
type view struct {
	result.Run
	Notes string // written by hand
	Plots []Plot
}

// Write writes the page to path and the plots beside it. notes is a file with
// what a person has to say.
func Write(run result.Run, path, notes string) error {
	said, err := os.ReadFile(notes)
	if err != nil {
		return err
	}
	v := view{Run: run, Notes: strings.TrimSpace(string(said))}
	if v.Plots, err = drawAll(run, strings.TrimSuffix(path, filepath.Ext(path))); err != nil {
		return err
	}
	text, err := render(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func render(v view) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"gib":        func(bytes int64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) },
		"count":      thousands[int64],
		"thousands":  thousands[float64],
		"throughput": throughputTable,
		"latency":    latencyTable,
		"stages":     stageTable,
		"cost":       costTable,
		"peers":      peerTable,
		"overload":   overloadTable,
		"probes":     probeTable,
		"large":      largeTable,
		"targets":    Targets,
		"versions":   versions,
	}).Parse(page)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, v)
	return out.Bytes(), err
}

// Targets is the table of what must be shown and what was seen.
func Targets(run result.Run) string {
	t := newTable("what", "target", "seen", "met", "")
	for _, target := range run.Targets {
		met := target.Met
		if met == result.No {
			met = "**no**"
		}
		t.row(target.What, target.Want, target.Seen, met, target.How)
	}
	return t.String()
}
