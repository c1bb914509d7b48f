package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const containerFile = "deploy/container/Containerfile"

// instructions are those of the container file that begin with a word, without it.
func instructions(t *testing.T, word string) (found []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^`+word+` (.*)$`).FindAllStringSubmatch(readFile(t, containerFile), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("%s has no %s", containerFile, word)
	}
	return found
}

// containerSettings are what the image sets.
func containerSettings(t *testing.T) (environment []string) {
	t.Helper()
	for _, line := range instructions(t, "ENV") {
		environment = append(environment, strings.Fields(line)...)
	}
	return environment
}

// TestTheContainerIsMadeOfWhatAnArchiveHas also wants the list of what is left out to
// leave it in.
func TestTheContainerIsMadeOfWhatAnArchiveHas(t *testing.T) {
	files, err := sourceFiles()
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"bin/brrr"}
	for _, f := range files {
		paths = append(paths, f.path)
	}
	for _, copied := range instructions(t, "COPY") {
		words := strings.Fields(copied)
		if strings.HasPrefix(words[0], "--from=") {
			continue
		}
		for _, source := range words[:len(words)-1] {
			if !slices.ContainsFunc(paths, func(p string) bool { return p == source || strings.HasPrefix(p, source+"/") }) {
				t.Errorf("COPY %s: no archive has %s", copied, source)
			}
			if leftOut(t, source) {
				t.Errorf("COPY %s: %s.dockerignore leaves %s out", copied, containerFile, source)
			}
		}
	}
	for name, want := range map[string]bool{"predictor/.venv": true, "predictor/tests": true, "web": true, "predictor/serve.py": false} {
		if leftOut(t, name) != want {
			t.Errorf("%s is left out: %v", name, !want)
		}
	}
}

// leftOut tells by the last rule that is about a path or a folder that it is in.
func leftOut(t *testing.T, name string) (out bool) {
	t.Helper()
	for rule := range strings.Lines(readFile(t, containerFile+".dockerignore")) {
		pattern, back := strings.CutPrefix(strings.TrimSpace(rule), "!")
		for at := name; at != "."; at = path.Dir(at) {
			if hit, _ := path.Match(pattern, at); hit {
				out = !back
			}
		}
	}
	return out
}
