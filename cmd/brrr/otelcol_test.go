package main

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// otelcol is OpenTelemetry's own collector, as a module of its own.
const otelcol = "testdata/otelcol"

// startOtelcol builds OpenTelemetry's own collector and starts it: it takes spans at the
// address that is returned, and passes them on. It ends with the test.
func startOtelcol(t *testing.T, passesTo string) (url string) {
	t.Helper()
	takes, program := freeAddress(t), buildOtelcol(t)
	settings := writeFile(t, "otelcol.yaml", fmt.Sprintf(`
receivers: {otlp: {protocols: {http: {endpoint: %q}}}}
exporters: {otlp_http: {endpoint: %q, compression: none}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`, takes, passesTo))
	p := newProcess(t, func() *exec.Cmd { return exec.Command(program, "--config="+settings) })
	p.start()
	t.Cleanup(func() {
		p.leash.Close()
		await(t, "the end of "+p.cmd.Path, func() bool { return !p.alive() })
		if !p.cmd.ProcessState.Success() {
			t.Errorf("the collector: %v\n%s", p.cmd.ProcessState, p.words())
		}
	})
	await(t, "the collector", func() bool {
		if !p.alive() {
			t.Fatalf("the collector ended:\n%s", p.words())
		}
		connection, err := net.Dial("tcp", takes)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
	return "http://" + takes
}

// buildOtelcol skips the test where the collector's modules cannot be had, which alone
// is nobody's mistake here.
func buildOtelcol(t *testing.T) (program string) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
	list.Dir = otelcol
	var said strings.Builder
	if list.Stderr = &said; list.Run() != nil {
		why := regexp.MustCompile(`(?m)^go: downloading .*\n`).ReplaceAllString(said.String(), "")
		missing(t, "otelcol", "its modules could not be had; with a network, once: make otelcol\n"+why)
	}
	program = filepath.Join(t.TempDir(), "otelcol")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".")
	build.Dir = otelcol
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return program
}
