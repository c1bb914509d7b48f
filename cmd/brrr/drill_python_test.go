package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// newPython is a model's host at unix:PATH or HOST:PORT, not started yet.
func newPython(t *testing.T, address, model string) *process {
	p := newProcess(t, nil)
	p.serve(address, model)
	return p
}

// serve has the next start be with this model.
func (p *process) serve(address, model string) {
	where := predictor.LocalOptions{Root: root, Python: filepath.Join(root, "predictor", ".venv", "bin", "python")}
	p.make = func() *exec.Cmd {
		return where.Command(p.t.Context(), "serve", "--listen", address, "--model", model, "--exit-with-parent")
	}
}

// startListening starts it, and returns once it listens.
func (p *process) startListening() {
	p.t.Helper()
	before := p.listened()
	p.start()
	await(p.t, "a model's host that listens", func() bool {
		if !p.alive() {
			p.t.Fatalf("the model's host has ended:\n%s", p.words())
		}
		return p.listened() > before
	})
}
