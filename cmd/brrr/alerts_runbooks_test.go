package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRunbooksNameWhatExists looks for each command, flag, line of the log, section and
// panel that the alerts' runbooks send somebody to at night.
func TestRunbooksNameWhatExists(t *testing.T) {
	section := alertsOfTheManual(t)
	for _, span := range regexp.MustCompile("`brrr ([^`]+)`").FindAllStringSubmatch(section, -1) {
		checkCommandExists(t, span[1])
	}
	sources := goSources(t)
	for _, line := range regexp.MustCompile(`'"([^'"]+)"?'`).FindAllStringSubmatch(section, -1) {
		if !strings.Contains(sources, `"`+line[1]) {
			t.Errorf("the log never says %q", line[1])
		}
	}
	manual := readFile(t, filepath.Join(root, "docs/operations.md"))
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^##+ (.+)$`).FindAllStringSubmatch(manual, -1) {
		anchors[strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(section, -1) {
		if !anchors[link[1]] {
			t.Errorf("there is no section #%s", link[1])
		}
	}
	panels := map[string]bool{}
	for _, p := range shippedDashboard(t).Panels {
		panels[p.Title] = true
	}
	for _, line := range regexp.MustCompile(`(?mi)the dashboard.*$`).FindAllString(section, -1) {
		for _, title := range regexp.MustCompile(`"([A-Z][^"]+)"`).FindAllStringSubmatch(line, -1) {
			if !panels[title[1]] {
				t.Errorf("the dashboard has no %q", title[1])
			}
		}
	}
}

// checkCommandExists wants a command of brrr with these words to have a help that names
// its flags.
func checkCommandExists(t *testing.T, words string) {
	t.Helper()
	var name, flags []string
	for _, word := range strings.Fields(words) {
		switch {
		case strings.HasPrefix(word, "--"):
			flags = append(flags, word)
		case len(flags) == 0 && word == strings.ToLower(word):
			name = append(name, word)
		}
	}
	code, help, _ := command(t, append(name, "--help")...)
	if code != exitDone || !strings.HasPrefix(help, "Usage: brrr "+strings.Join(name, " ")) {
		t.Errorf("brrr %s: exit %d\n%s", words, code, help)
	}
	for _, flag := range flags {
		if !strings.Contains(help, flag+"=") && !strings.Contains(help, flag+" ") {
			t.Errorf("brrr %s has no %s", strings.Join(name, " "), flag)
		}
	}
}

// goSources are all of the program, without its tests.
func goSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, top := range []string{"cmd/brrr", "server"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				all.WriteString(readFile(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
