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

// models is the folder of models.
func (b *bench) models() string { return filepath.Join(b.repo, "predictor", "models") }

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
func (b *bench) truth(ctx context.Context, rows []peer.Row) ([]float64, error) {
	facts := make([][4]float64, len(rows))
	for i, r := range rows {
		facts[i] = [4]float64{r.Amount, float64(r.Time), float64(r.AgeOfAccount), float64(r.NumberOfTransactions)}
	}
	var said []float64
	if err := b.inProcess(ctx, facts, &said, "truth", b.models()); err != nil {
		return nil, err
	}
	if len(said) != len(rows) {
		return nil, fmt.Errorf("inprocess.py: %d probabilities for %d rows", len(said), len(rows))
	}
	return said, nil
}
