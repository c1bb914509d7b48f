package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// missing skips a test for want of a tool, unless BRRR_REQUIRE names it: then it fails.
func missing(t *testing.T, tool, toHaveIt string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("BRRR_REQUIRE"), ","), tool) {
		t.Fatalf("%s is missing: %s", tool, toHaveIt)
	}
	t.Skipf("%s is missing: %s", tool, toHaveIt)
}
