package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/bench/peer"
)

// python is the predictor's own interpreter.
func (b *bench) python() string { return filepath.Join(b.repo, "predictor", ".venv", "bin", "python") }

// models is the folder of the one model that all serve.
func (b *bench) models() string { return filepath.Join(b.cache, "models") }

// train makes that model, unless it is there.
func (b *bench) train(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "sh", "model.sh")
	cmd.Env = append(os.Environ(), b.pythonEnv()...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("train the model: %w\n%s", err, said)
	}
	return nil
}

// pythonEnv is what the predictor's package is found by. Arithmetic has one
// thread, as everywhere else.
func (b *bench) pythonEnv() []string {
	return []string{
		"PYTHONPATH=" + b.repo + string(os.PathListSeparator) + filepath.Join(b.repo, "gen", "python"),
		"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1",
	}
}

// inProcess runs inprocess.py and reads its answer.
func (b *bench) inProcess(ctx context.Context, input, output any, words ...string) error {
	cmd := exec.CommandContext(ctx, b.python(), append([]string{"inprocess.py"}, words...)...)
	cmd.Env = append(os.Environ(), b.pythonEnv()...)
	text, err := json.Marshal(input)
	if err != nil {
		return err
	}
	var complained bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &complained
	said, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("inprocess.py: %w: %s", err, strings.TrimSpace(complained.String()))
	}
	return json.Unmarshal(said, output)
}

// truth asks the model itself, in a process without any service, for the
// probability of each row.
func (b *bench) truth(ctx context.Context, rows []peer.Facts) ([]float64, error) {
	var said []float64
	if err := b.inProcess(ctx, rows, &said, "truth", b.models()); err != nil {
		return nil, err
	}
	if len(said) != len(rows) {
		return nil, fmt.Errorf("inprocess.py: %d probabilities for %d rows", len(said), len(rows))
	}
	return said, nil
}
