package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// theTen are OWASP's API Security Top 10 of 2023, by their names.
var theTen = []string{
	"Broken object level authorization", "Broken authentication", "Broken object property level authorization", "Unrestricted resource consumption",
	"Broken function level authorization", "Unrestricted access to sensitive business flows", "Server side request forgery", "Security misconfiguration",
	"Improper inventory management", "Unsafe consumption of APIs",
}

// inBackticks is what stands between backticks.
var inBackticks = regexp.MustCompile("`([^`\n]+)`")

// TestTheSecurityPageNamesWhatExists looks for each test, flag and command by which
// docs/security.md says that a risk is answered, and for tests of every risk.
func TestTheSecurityPageNamesWhatExists(t *testing.T) {
	page := readFile(t, filepath.Join(root, "docs/security.md"))
	tests, makefile := testNames(t), readFile(t, filepath.Join(root, "Makefile"))
	_, serve, _ := command(t, "serve", "--help")
	_, brrr, _ := command(t, "--help")
	for _, name := range inBackticks.FindAllStringSubmatch(page, -1) {
		first, rest, _ := strings.Cut(name[1], " ")
		exists := true
		switch {
		case isTest.MatchString(name[1]):
			exists = tests[name[1]]
		case strings.HasPrefix(first, "--"):
			exists = strings.Contains(serve, name[1]+"=") || strings.Contains(serve, name[1]+" ")
		case first == "make":
			exists = strings.Contains(makefile, "\n"+rest+":") || strings.Contains(makefile, " "+rest+":")
		case first == "brrr":
			exists = strings.Contains(brrr, "\n  "+rest+" ")
		case first == "go":
			_, err := os.Stat(filepath.Join(root, strings.Fields(rest)[1], "main.go"))
			exists = err == nil
		}
		if !exists {
			t.Errorf("there is no %s", name[1])
		}
	}
	for i, risk := range theTen {
		_, row, _ := strings.Cut(page, fmt.Sprintf("\n| **API%d** %s | ", i+1, risk))
		row, _, _ = strings.Cut(row, "\n")
		_, held, _ := strings.Cut(row, " | ")
		n := 0
		for _, name := range inBackticks.FindAllStringSubmatch(held, -1) {
			if isTest.MatchString(name[1]) {
				n++
			}
		}
		if n < 2 {
			t.Errorf("API%d %s: %d tests hold it", i+1, risk, n)
		}
	}
}

// TestTheSecurityPageTellsWhatRolesMay compares its table with what the gate goes by.
func TestTheSecurityPageTellsWhatRolesMay(t *testing.T) {
	page := readFile(t, filepath.Join(root, "docs/security.md"))
	for _, role := range access.Roles {
		var may []string
		for _, p := range (access.Caller{Role: role}).Permissions() {
			if p != fraudactivityv1.Permission_PERMISSION_AUTHENTICATED {
				may = append(may, strings.TrimPrefix(p.String(), "PERMISSION_"))
			}
		}
		if len(may) == len(fraudactivityv1.Permission_name)-2 { // but for UNSPECIFIED and AUTHENTICATED
			may = []string{"all"}
		}
		if row := fmt.Sprintf("| %s | %s |\n", role, strings.Join(may, ", ")); !strings.Contains(page, row) {
			t.Errorf("no row is %q", row)
		}
	}
}

// isTest tells names of tests, in Go and in Python.
var isTest = regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w+$|^test_\w+$`)

// testNames are all tests and fuzz targets in Go, and the tests in Python.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^(?:func|(?:async )?def) ((?:Test|Fuzz|test_)\w+)`)
	for _, top := range []string{"client", "cmd", "server", "web", "predictor/tests"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d os.DirEntry, err error) error {
			if err == nil && (strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".py")) {
				for _, name := range declared.FindAllStringSubmatch(readFile(t, path), -1) {
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
