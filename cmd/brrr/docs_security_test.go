package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheSecurityPageNamesWhatExists looks for each test, flag and command by which
// docs/security.md says that a risk is answered.
func TestTheSecurityPageNamesWhatExists(t *testing.T) {
	page := readFile(t, filepath.Join(root, "docs/security.md"))
	tests := testNames(t)
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(page, -1) {
		if !tests[name[1]] {
			t.Errorf("there is no %s", name[1])
		}
	}
	_, help, _ := command(t, "serve", "--help")
	for _, flag := range regexp.MustCompile("`(--[a-z-]+)`").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(help, flag[1]+"=") && !strings.Contains(help, flag[1]+" ") {
			t.Errorf("brrr serve has no %s", flag[1])
		}
	}
	for risk := range 10 {
		if row := fmt.Sprintf("| **API%d** ", risk+1); !strings.Contains(page, row) {
			t.Errorf("no row begins with %q", row)
		}
	}
}

// testNames are all tests and fuzz targets in Go.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, top := range []string{"client", "cmd", "server", "web"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, "_test.go") {
				for _, name := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)`).FindAllStringSubmatch(readFile(t, path), -1) {
					names[name[1]] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}
