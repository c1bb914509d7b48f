package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// block is a fenced block of a document.
type block struct {
	where    string // file:line
	language string
	text     string
}

var fence = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

func blocksOf(t *testing.T, document string) (blocks []block) {
	t.Helper()
	text := readFile(t, filepath.Join(root, document))
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		line := 1 + strings.Count(text[:at[0]], "\n")
		blocks = append(blocks, block{fmt.Sprintf("%s:%d", document, line), text[at[2]:at[3]], text[at[4]:at[5]]})
	}
	if len(blocks) == 0 || strings.Count(text, "\n```") != 2*len(blocks) {
		t.Fatalf("%s: %d blocks, and fences that are not in pairs", document, len(blocks))
	}
	return blocks
}

// TestWhatTheREADMESaysWorks follows it from the import of a file to the
// terminal, with payments of a simulation in place of one's own.
func TestWhatTheREADMESaysWorks(t *testing.T) {
	withoutRace(t)
	r := newReader(t)
	defer r.stop()
	r.setenv("BRRR_LISTEN", "127.0.0.1:0")
	r.setenv("BRRR_ADMIN_LISTEN", "127.0.0.1:0")
	r.run("simulation", "predictor/.venv/bin/python -m predictor simulate --seed 3 --accounts-count 100 --days 60 "+
		"--transactions payments.csv --accounts accounts.csv && gzip payments.csv")
	host := "unix:" + filepath.Join(t.TempDir(), "s")
	r.stands = func(r *reader) (forWhat, put []string) {
		trained, _ := filepath.Glob(filepath.Join(r.folder, "predictor/models/ours-*"))
		if len(trained) == 0 {
			return nil, nil
		}
		return []string{"ours-1a2b3c4d", "http://127.0.0.1:50051"}, []string{filepath.Base(trained[0]), host}
	}
	var answers []block // which are shown before it is told how to get them
	for _, b := range blocksOf(t, "README.md") {
		if strings.Contains(b.text, "http://127.0.0.1:50051") {
			own := r.command("predictor/.venv/bin/python", "-m", "predictor", "serve", "--listen", host, "--model", "predictor/models")
			if err := own.Start(); err != nil {
				t.Fatal(err)
			}
			defer own.Wait()
			defer own.Process.Signal(syscall.SIGTERM)
		}
		if b.language == "json" {
			answers = append(answers, b)
			continue
		}
		r.follow(b)
	}
	for _, b := range answers {
		r.follow(b)
	}
}

// TestWhatTheAPIPageSaysWorks pastes every line of it.
func TestWhatTheAPIPageSaysWorks(t *testing.T) {
	withoutRace(t)
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	r := newReader(t)
	defer r.stop()
	r.url, r.key = s.url, s.keys["admin"]
	r.setenv("BRRR_KEY", r.key) // for what is not run in the shell
	active, err := readActive(modelsIn(root))
	if err != nil {
		t.Fatal(err)
	}
	r.stands = func(r *reader) (forWhat, put []string) {
		return []string{"--models DIR", "activate NAME"}, []string{"--models predictor/models", "activate " + active}
	}
	for _, b := range blocksOf(t, "docs/api.md") {
		r.follow(b)
	}
}
