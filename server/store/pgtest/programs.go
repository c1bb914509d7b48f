package pgtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// programs is the folder of Postgres's programs, or empty: Debian's, where only a
// wrapper of some is in the PATH, or the one that the PATH has.
func programs() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is right
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) }))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// needPrograms skips a test where there is no Postgres, unless BRRR_REQUIRE names it:
// then it fails.
func needPrograms(t testing.TB) {
	t.Helper()
	if programs() != "" {
		return
	}
	const toHaveIt = "postgres is missing: apt-get install postgresql"
	if slices.Contains(strings.Split(os.Getenv("BRRR_REQUIRE"), ","), "postgres") {
		t.Fatal(toHaveIt)
	}
	t.Skip(toHaveIt)
}
