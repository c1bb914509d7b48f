package check

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

const (
	program = "../../../bin/brrr"
	python  = "../../../predictor/.venv/bin/python"
)

// patience ends only what hangs.
const patience = time.Minute

// process is a program of a pod, as the pod says, but on the loopback.
type process struct {
	*exec.Cmd
	listens string // as it says
	said    strings.Builder
	ended   chan struct{}
}

// start starts it and waits until it says in a line with this key where it listens.
func start(t *testing.T, cmd *exec.Cmd, key string) *process {
	t.Helper()
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	p := &process{Cmd: cmd, ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make build model comes before this", err)
	}
	found := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			p.said.WriteString(lines.Text() + "\n")
			var line map[string]any
			if json.Unmarshal(lines.Bytes(), &line) == nil {
				if where, ok := line[key].(string); ok {
					select {
					case found <- where:
					default:
					}
				}
			}
		}
	}()
	go func() { cmd.Wait(); writer.Close(); <-read; close(p.ended) }()
	t.Cleanup(func() { cmd.Process.Kill(); <-p.ended })
	select {
	case p.listens = <-found:
	case <-p.ended:
		t.Fatalf("%s ended\n%s", cmd.Path, p.said.String())
	case <-time.After(patience):
		t.Fatalf("%s does not listen", cmd.Path)
	}
	return p
}

// stop ends it as Kubernetes does, and returns all that it said.
func (p *process) stop(t *testing.T) string {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("%s does not end", p.Path)
	}
	if code := p.ProcessState.ExitCode(); code != 0 {
		t.Errorf("%s ended with %d\n%s", p.Path, code, p.said.String())
	}
	return p.said.String()
}

// withoutSettings is our environment without what tells brrr, or its tests, anything.
func withoutSettings() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "BRRR_") })
}

// TestAGatewayAndAHostRunAsTheirPodsSay starts both with what the base gives them, certificates
// of the Secrets' form included. Only addresses and folders are others, and the store is embedded.
func TestAGatewayAndAHostRunAsTheirPodsSay(t *testing.T) {
	objects := deployed(t, "base")
	etc := t.TempDir()
	authority := writeSecrets(t, etc, map[string][]string{"tls": {"api.example"}, "to-predictor": nil, "predictor": {"brrr-predictor"}})

	pod := named[appsv1.Deployment](t, objects, "brrr-predictor").Spec.Template.Spec.Containers[0]
	here := strings.NewReplacer("/etc/brrr", etc, "0.0.0.0:50051", "127.0.0.1:0", "/opt/brrr/models", "predictor/models")
	line := append(pod.Command[1:], pod.Args...)
	for i := range line {
		line[i] = here.Replace(line[i])
	}
	interpreter, err := filepath.Abs(python)
	if err != nil || pod.Command[0] != strings.TrimPrefix(python, "../../../") {
		t.Fatal(err, pod.Command)
	}
	cmd := exec.Command(interpreter, line...)
	cmd.Dir = "../../.."
	host := start(t, cmd, "address")

	file, _ := settings(t, objects)
	_, port, _ := strings.Cut(host.listens, ":")
	at := strings.NewReplacer("/etc/brrr", etc, "0.0.0.0:8080", "127.0.0.1:0", "0.0.0.0:9090", "127.0.0.1:0",
		// Its certificate is for the name that the Service has.
		"https://brrr-predictor:50051", "https://localhost:"+port+"\npredictor-server-name: brrr-predictor\ndata: "+filepath.Join(etc, "data")).Replace(file)
	write(t, filepath.Join(etc, "settings", "brrr.yaml"), []byte(at))
	pod = named[appsv1.Deployment](t, objects, "brrr-gateway").Spec.Template.Spec.Containers[0]
	cmd = exec.Command(program, pod.Args...)
	cmd.Env = append(withoutSettings(), environment(pod, etc)...)
	gateway := start(t, cmd, "url")

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority, ServerName: "api.example"}}}
	for name, probe := range map[string]*corev1.Probe{"startup": pod.StartupProbe, "liveness": pod.LivenessProbe, "readiness": pod.ReadinessProbe} {
		if probe.HTTPGet.Scheme != corev1.URISchemeHTTPS || probe.HTTPGet.Port.StrVal != "api" {
			t.Errorf("%s: %+v", name, probe.HTTPGet)
		}
		deadline := time.Now().Add(patience)
		for answer := ""; answer != "200 text/plain; charset=utf-8"; { // and not the console's page, which any path has
			if time.Now().After(deadline) {
				t.Fatalf("%s: %s answers %s\n%s", name, probe.HTTPGet.Path, answer, gateway.said.String())
			}
			res, err := client.Get(gateway.listens + probe.HTTPGet.Path)
			if err != nil {
				t.Fatal(err)
			}
			answer = res.Status[:3] + " " + res.Header.Get("Content-Type")
			res.Body.Close()
		}
	}
	if said := gateway.stop(t); strings.Contains(said, "unknown variable") {
		t.Errorf("a variable is no setting's:\n%s", said)
	}
	host.stop(t)
}

// environment is what a container is given, with its folder of secrets and settings elsewhere.
func environment(c corev1.Container, etc string) (variables []string) {
	for _, v := range c.Env {
		if v.ValueFrom == nil {
			variables = append(variables, v.Name+"="+strings.ReplaceAll(v.Value, "/etc/brrr", etc))
		}
	}
	return variables
}

// TestSettingsOfEveryFolderAreKnown asks the program what a start would refuse.
func TestSettingsOfEveryFolderAreKnown(t *testing.T) {
	for _, folder := range gateways(t) {
		etc := t.TempDir()
		writeSecrets(t, etc, map[string][]string{"tls": {"api.example"}, "to-predictor": nil})
		file, _ := settings(t, deployed(t, folder))
		path := filepath.Join(etc, "brrr.yaml")
		write(t, path, []byte(strings.ReplaceAll(file, "/etc/brrr", etc)))
		if out, err := exec.Command(program, "config", "check", "--config", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", folder, err, out)
		}
	}
}

// TestJobsAreCommandsOfTheProgram has them fail at a store that is not there, which is beyond
// the reading of their command lines.
func TestJobsAreCommandsOfTheProgram(t *testing.T) {
	for _, folder := range folders(t) {
		for name, pod := range pods(deployed(t, folder)) {
			if c := pod.Spec.Containers[0]; c.Image == "brrr" && name != "brrr-gateway" {
				cmd := exec.Command(program, c.Args...)
				cmd.Env = append(withoutSettings(), "BRRR_STORE=postgres://127.0.0.1:1/brrr")
				out, _ := cmd.CombinedOutput()
				if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "connection refused") {
					t.Errorf("%s: %s ended with %d\n%s", folder, name, code, out)
				}
			}
		}
	}
}
