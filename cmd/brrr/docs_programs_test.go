package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// runGo runs a block of Go, which is a whole program.
func (r *reader) runGo(b block) {
	r.t.Helper()
	// The program is laid over the module, since it imports what is in it.
	path := filepath.Join(r.folder, "main.go")
	writeTo(r.t, path, r.put(b.text))
	over, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "docs", "snippet", "main.go"): path}})
	if err != nil {
		r.t.Fatal(err)
	}
	overlay := filepath.Join(r.folder, "overlay.json")
	writeTo(r.t, overlay, string(over))
	cmd := r.command("go", "run", "-overlay", overlay, "./docs/snippet")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Errorf("%s: %v\n%s", b.where, err, out)
	}
	r.checkAnswer(b, out)
}

// checkAnswer wants what a snippet prints of an answer to be the service's: one
// that prints its error instead has not failed.
func (r *reader) checkAnswer(b block, printed []byte) {
	r.t.Helper()
	var answer struct {
		Probability json.Number `json:"fraud_probability"`
	}
	if err := json.Unmarshal([]byte(r.ask(demoTransaction)), &answer); err != nil {
		r.t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(b.text), "fraudprobability") && !strings.Contains(string(printed), answer.Probability.String()) {
		r.t.Errorf("%s: it prints not %s, but\n%s", b.where, answer.Probability, printed)
	}
}

// runTypeScript compiles a block of TypeScript by the strictest rules and runs it.
func (r *reader) runTypeScript(b block) {
	r.t.Helper()
	writeTo(r.t, filepath.Join(r.folder, "package.json"), `{"type":"module"}`)
	writeTo(r.t, filepath.Join(r.folder, "snippet.ts"), r.put(b.text))
	defer os.Remove(filepath.Join(r.folder, "snippet.js"))
	for _, step := range [][]string{
		{"node_modules/.bin/tsc", "--ignoreConfig", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck", "--types", "node", "snippet.ts"},
		{"node", "snippet.js"},
	} {
		out, err := r.command(step[0], step[1:]...).CombinedOutput()
		if err != nil {
			r.t.Errorf("%s: %s: %v\n%s", b.where, step[0], err, out)
			return
		}
		if step[0] == "node" {
			r.checkAnswer(b, out)
		}
	}
}
