package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pack makes the archive that npm would publish, from what make has built.
func pack(t *testing.T) (archive string, files []string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", dir)
	cmd.Dir = filepath.Join(root, "client/typescript")
	out, err := cmd.Output()
	var packed []struct {
		Filename string
		Size     int
		Files    []struct{ Path string }
	}
	if err != nil || json.Unmarshal(out, &packed) != nil || len(packed) != 1 {
		t.Fatalf("npm pack: %v\n%s", err, out)
	}
	for _, f := range packed[0].Files {
		files = append(files, f.Path)
	}
	t.Logf("%s: %d files, %d bytes", packed[0].Filename, len(files), packed[0].Size)
	return filepath.Join(dir, packed[0].Filename), files
}

// project is an empty one in which the package alone is installed.
type project struct {
	dir  string
	page string // module that makes Node look like a page, so far as the README needs
}

func newProject(t *testing.T) *project {
	t.Helper()
	archive, _ := pack(t)
	p := &project{dir: t.TempDir()}
	p.write(t, "package.json", `{"private": true, "type": "module"}`)
	p.page = p.write(t, "page.mjs", `
globalThis.location = { origin: process.env.BRRR_SERVER };
globalThis.sessionStorage = { getItem: () => process.env.BRRR_KEY };
`)
	out, err := p.run(t, nil, nil, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", archive)
	if err != nil {
		t.Fatalf("the package could not be installed: its dependencies come from npm's registry, which must be within reach: %v\n%s", err, out)
	}
	refusals, err := os.ReadFile("testdata/refusals.mjs")
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "refusals.mjs", string(refusals))
	return p
}

func (p *project) write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a command in the project and returns all that it prints. eachLine, if
// given, hears of each line as it comes, and may end the command politely.
func (p *project) run(t *testing.T, env []string, eachLine func(line string, end func()), name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), env...)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for lines := bufio.NewScanner(read); lines.Scan(); {
		out.WriteString(lines.Text() + "\n")
		if eachLine != nil {
			eachLine(lines.Text(), func() { cmd.Process.Signal(os.Interrupt) })
		}
	}
	return out.String(), cmd.Wait()
}

// snippetsOf returns the fenced blocks of JavaScript in a Markdown file, by the
// heading that they stand under.
func snippetsOf(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	snippets := map[string][]string{}
	heading, inside := "", false
	var snippet strings.Builder
	for line := range strings.Lines(string(text)) {
		title, isHeading := strings.CutPrefix(line, "## ")
		switch {
		case inside && line == "```\n":
			snippets[heading] = append(snippets[heading], snippet.String())
			inside = false
			snippet.Reset()
		case inside:
			snippet.WriteString(line)
		case line == "```js\n":
			inside = true
		case isHeading:
			heading = strings.TrimSpace(title)
		}
	}
	return snippets
}
