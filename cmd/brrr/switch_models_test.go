package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
)

// scored is what a model says about a file of transactions: an entry for each
// row, computed in Python without a server or a gateway.
type scored struct {
	Version       string
	Threshold     float64
	Facts         []string
	Probabilities []float64 // 0 to 1
	Labels        []bool
}

// python runs the interpreter that make build sets up, with our packages.
func python(ctx context.Context, words ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(root, "predictor", ".venv", "bin", "python"), words...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PYTHONPATH="+root+string(os.PathListSeparator)+filepath.Join(root, "gen", "python"))
	var out, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("python %s: %w\n%s", strings.Join(words, " "), err, failed.String())
	}
	return out.Bytes(), nil
}

// script is the path of one of our own, for python.
func script(name string) string { return filepath.Join(root, "cmd", "brrr", "testdata", name) }

// score has models score a file of transactions; accounts may be empty.
func score(t *testing.T, transactions, accounts string, models ...string) []scored {
	t.Helper()
	words := append([]string{script("score.py"), transactions}, models...)
	if accounts != "" {
		words = append(words, "--accounts="+accounts)
	}
	out, err := python(t.Context(), words...)
	if err != nil {
		t.Fatal(err)
	}
	all := decodeLines[scored](t, out)
	if len(all) != len(models) {
		t.Fatalf("%d of %d models told their scores", len(all), len(models))
	}
	return all
}

// badModel is what `active` must not come to name.
type badModel struct {
	Active string // what the file is made to hold
	Says   string // what the refusal must tell
}

// shelf is a folder of models, and transactions to try them on.
type shelf struct {
	root                   string
	transactions, accounts string
	good                   []scored // versions are names of folders, too
	bad                    []badModel
}

// fourFacts are those of the seed's contract.
const fourFacts = "amount,time,age_of_account,number_of_transactions"

// newShelf trains three models on a small simulation, of which one needs fewer
// columns than the others, and spoils copies of one. None is active yet.
func newShelf(t *testing.T) *shelf {
	t.Helper()
	dir := t.TempDir()
	s := &shelf{root: filepath.Join(dir, "models"), transactions: filepath.Join(dir, "transactions.csv"), accounts: filepath.Join(dir, "accounts.csv")}
	_, err := python(t.Context(), "-m", "predictor", "simulate", "--transactions", s.transactions, "--accounts", s.accounts,
		"--accounts-count=150", "--days=60", "--seed=5")
	if err != nil {
		t.Fatal(err)
	}
	training, ctx := errgroup.WithContext(t.Context())
	for _, flags := range [][]string{
		{"--name=nine", "--seed=1"},
		{"--name=other-nine", "--seed=2"},
		{"--name=four", "--seed=3", "--facts=" + fourFacts},
	} {
		training.Go(func() error {
			_, err := python(ctx, append([]string{"-m", "predictor", "train", "--data", s.transactions, "--accounts", s.accounts,
				"--out", filepath.Join(s.root, "{version}")}, flags...)...)
			return err
		})
	}
	if err := training.Wait(); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(s.root, "*"))
	if err != nil || len(made) != 3 {
		t.Fatalf("trained %v, %v", made, err)
	}
	s.good = score(t, s.transactions, s.accounts, made...)
	out, err := python(t.Context(), script("spoil.py"), made[0], s.root)
	if err != nil {
		t.Fatal(err)
	}
	s.bad = append(decodeLines[badModel](t, out),
		badModel{"nowhere", "active: names 'nowhere', and there is no such directory"},
		badModel{"../models", "active: must hold the name of a directory beside it, not '../models'"})
	return s
}

// activate names a model as the one to serve, at once or not at all.
func (s *shelf) activate(t *testing.T, name string) {
	t.Helper()
	building, active := filepath.Join(s.root, ".active"), filepath.Join(s.root, "active")
	if err := errors.Join(os.WriteFile(building, []byte(name+"\n"), 0o600), os.Rename(building, active)); err != nil {
		t.Fatal(err)
	}
}

// decodeLines reads one JSON object after the other.
func decodeLines[T any](t *testing.T, from []byte) []T {
	t.Helper()
	var all []T
	for lines := json.NewDecoder(bytes.NewReader(from)); ; {
		var one T
		err := lines.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
}
