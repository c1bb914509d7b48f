package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// rayNode is a Ray of a test's own, with two replicas of the predictor on it. It ends
// with its standard input.
type rayNode struct {
	asks    io.Writer
	answers *bufio.Scanner
	said    *spoken
	close   func() // ends it

	Address  string // of Ray's proxy
	Replicas []int  // processes
	// Environment is what others need to use the same Ray.
	Environment map[string]string
	Proxies     []int // likewise, that are healthy
	ended       int   // the process that was ended last
}

// noticesProxies has Ray notice within seconds that a proxy has ended, and start
// another, as deploy/kubernetes/overlays/ray does.
const noticesProxies = "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S=1"

// startRay starts one, to serve a model; it takes a quarter of a minute.
func startRay(t *testing.T, model string, flags ...string) *rayNode {
	t.Helper()
	if !hasRay() {
		missingRay(t)
	}
	n := launchRay(t, model, flags...)
	n.hear(t)
	return n
}

// hasRay tells whether Ray is installed.
func hasRay() bool {
	return exec.Command(venvPython(), "-c", "import importlib.util, sys; sys.exit(not importlib.util.find_spec('ray'))").Run() == nil
}

func missingRay(t *testing.T) {
	t.Helper()
	missing(t, "ray", "predictor/.venv/bin/python -m pip install -r predictor/requirements-ray.txt")
}

func venvPython() string { return filepath.Join(root, "predictor", ".venv", "bin", "python") }

// launchRay is startRay for who has other things to do until it listens.
func launchRay(t *testing.T, model string, flags ...string) *rayNode {
	t.Helper()
	cmd := exec.Command(venvPython(), append([]string{"-m", "predictor.tests.ray_node", "--model", model, "--replicas=2"}, flags...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), noticesProxies)
	n := &rayNode{said: new(spoken)}
	cmd.Stderr = n.said
	asks, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.close = sync.OnceFunc(func() {
		asks.Close()
		cmd.Wait()
	})
	t.Cleanup(n.close)
	n.asks, n.answers = asks, bufio.NewScanner(answers)
	return n
}

// serve has every replica serve another model, and returns once they do, or refuse to.
func (n *rayNode) serve(t *testing.T, model string) { n.ask(t, map[string]any{"model": model}) }

// kill ends a replica by SIGKILL, and returns once another has taken its place.
func (n *rayNode) kill(t *testing.T) { n.ask(t, map[string]any{"kill": true}) }

// score has the same Ray score files.
func (n *rayNode) score(t *testing.T, words ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(root, "predictor", ".venv", "bin", "python"), append([]string{"-m", "predictor", "score"}, words...)...)
	cmd.Dir, cmd.Env = root, os.Environ()
	for name, value := range n.Environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

func (n *rayNode) ask(t *testing.T, what map[string]any) {
	t.Helper()
	if err := json.NewEncoder(n.asks).Encode(what); err != nil {
		t.Fatal(err)
	}
	n.hear(t)
}

func (n *rayNode) hear(t *testing.T) {
	t.Helper()
	if !n.answers.Scan() {
		t.Fatalf("Ray has ended: %v\n%s", n.answers.Err(), n.said)
	}
	if err := json.Unmarshal(n.answers.Bytes(), n); err != nil {
		t.Fatal(err)
	}
}
