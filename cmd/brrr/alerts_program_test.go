package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// needProgram skips a test that needs a program which is not installed, unless
// BRRR_REQUIRE names its package: then the test fails.
func needProgram(t *testing.T, program, from string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("BRRR_REQUIRE"), ","), from) {
		t.Fatalf("%s is not installed, and BRRR_REQUIRE has %s", program, from)
	}
	t.Skipf("SKIPPED: %s is not installed; to run this: apt-get install %s", program, from)
}
