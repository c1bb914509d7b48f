package main

import (
	"os/exec"
	"testing"
)

// needPrometheus skips a test that needs a program of Prometheus' which is not installed.
func needPrometheus(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, "prometheus", "SKIPPED: a test of the alerts; to run it: apt-get install prometheus")
	}
}
