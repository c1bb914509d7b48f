package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// machine is a folder in place of a machine's own: what the documents put below /opt,
// /etc and /var/lib lies there.
type machine struct {
	t       *testing.T
	root    string
	working string
	service *service // nil: it does not run
	said    string   // by the last command
}

// released are the versions that the document installs, one after the other.
var released = []string{"v1.2.3", "v1.3.0"}

// TestTheDocumentedInstallationAnswersACall follows docs/operations.md from the archive
// to a service that runs as its unit says, to the next release, and back. It needs no
// root, so users, owners and systemd itself are left out.
func TestTheDocumentedInstallationAnswersACall(t *testing.T) {
	if raceDetector { // which packs archives for a minute, and sees none of the processes
		t.Skip("make test runs this one without the race detector")
	}
	host := target{runtime.GOOS, runtime.GOARCH}
	if host.os != "linux" || !slices.Contains(targets, host) {
		t.Skipf("SKIPPED: no archive with a unit for systemd is made for %s", host)
	}
	downloads := t.TempDir()
	writeReleases(t, host, downloads)
	m := &machine{t: t, root: t.TempDir(), working: downloads}
	for _, folder := range []string{"opt", "etc/systemd/system", "var/lib"} {
		if err := os.MkdirAll(filepath.Join(m.root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	blocks := shellBlocks(t, "## Install and upgrade", "### In a container")
	if len(blocks) != 6 {
		t.Fatalf("%d blocks: verify, install, a model, start, upgrade, back", len(blocks))
	}
	for _, command := range slices.Concat(blocks[:4]...) {
		m.run(command)
	}
	m.checkSettings("the container", strings.Fields(m.here(strings.Join(containerSettings(t), " "))))
	m.checkUnit()
	m.checkCall("the first release")

	m.working = downloads
	m.run("sudo tar -xzf brrr-v1.3.0-linux-amd64.tar.gz -C /opt")
	m.run("sudo python3 -m venv /opt/brrr-v1.3.0-linux-amd64/predictor/.venv")
	for _, command := range blocks[4] {
		m.run(command)
	}
	m.checkCall("the next release")
	for _, command := range blocks[5] {
		m.run(command)
	}
	m.checkCall("the first release again")
	m.service.stop()
}

// writeReleases makes the archives for this machine out of the files as they are here, and
// signs them. The console is the one that is there: other tests embed it meanwhile.
func writeReleases(t *testing.T, host target, folder string) {
	t.Helper()
	key := newSigner(t, folder)
	from, err := headCommit()
	if err != nil {
		t.Fatal(err)
	}
	locked, err := npmParts()
	if err != nil {
		t.Fatal(err)
	}
	files, err := contents(host, released[0], from, console{"as it is here", slices.Collect(maps.Values(locked))})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, version := range released {
		made, err := (&releaseCmd{Out: folder}).write("brrr-"+version+"-"+host.String(), files, from)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, made...)
	}
	if err := writeSums(folder, names); err != nil {
		t.Fatal(err)
	}
	if err := sign(folder, key); err != nil {
		t.Fatal(err)
	}
}

var fence = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// shellBlocks are the commands of each block of docs/operations.md between two headings.
func shellBlocks(t *testing.T, from, to string) (blocks [][]string) {
	t.Helper()
	_, text, _ := strings.Cut(readFile(t, "docs/operations.md"), "\n"+from+"\n")
	text, _, _ = strings.Cut(text, "\n"+to+"\n")
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		whole := strings.ReplaceAll(strings.TrimSpace(block[1]), "\\\n", "")
		blocks = append(blocks, strings.Split(whole, "\n"))
	}
	return blocks
}

// here is a text with what stands for something on this machine.
func (m *machine) here(text string) string {
	url := ""
	if m.service != nil {
		url = m.service.url
	}
	host := target{runtime.GOOS, runtime.GOARCH}.String()
	return strings.NewReplacer(
		"/opt", m.root+"/opt", "/etc", m.root+"/etc", "/var/lib", m.root+"/var/lib",
		"-linux-amd64", "-"+host, "http://127.0.0.1:8080", url,
		" --seed 1 ", " --seed 1 --accounts-count 100 --days 60 ", // the whole takes a minute
	).Replace(text)
}

var sudo = regexp.MustCompile(`^sudo (-u brrr )?`)

// run does what a command says, or what stands for it where that takes root, systemd
// or the network.
func (m *machine) run(command string) {
	m.t.Helper()
	command = sudo.ReplaceAllString(command, "")
	command = regexp.MustCompile(` -o (brrr|root) -g brrr\b`).ReplaceAllString(command, "")
	words := strings.Fields(command)
	switch {
	case words[0] == "useradd", command == "systemctl daemon-reload":
	case words[0] == "systemctl" && words[1] == "stop":
		m.service.stop()
	case words[0] == "systemctl" && words[1] == "restart":
		m.service.stop()
		m.service = m.start()
	case words[0] == "systemctl": // start, or enable --now
		m.service = m.start()
	case words[0] == "cd":
		m.working = m.here(words[1])
	case strings.Contains(command, " -m venv "):
		m.venv(m.here(words[len(words)-1]))
	case strings.Contains(command, " -m pip install "):
		readFile(m.t, m.here(words[len(words)-1]))
	default:
		m.shell(m.here(command))
	}
}

// venv makes one with the packages that are installed here, but for the line which has
// Python look into this repository.
func (m *machine) venv(folder string) {
	m.t.Helper()
	const packages = "lib/python3*/site-packages"
	if out, err := exec.Command(python, "-m", "venv", "--without-pip", folder).CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
	own, err := filepath.Abs(filepath.Dir(filepath.Dir(python)))
	if err != nil {
		m.t.Fatal(err)
	}
	installed, _ := filepath.Glob(filepath.Join(own, packages, "*"))
	into, _ := filepath.Glob(filepath.Join(folder, packages))
	for _, path := range installed {
		if filepath.Ext(path) == ".pth" {
			continue
		}
		if err := os.Symlink(path, filepath.Join(into[0], filepath.Base(path))); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *machine) shell(command string) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "bash", "-e", "-c", command)
	cmd.Dir, cmd.Env = m.working, withoutBRRR()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		m.t.Fatalf("%s: %v\n%s%s", command, err, &out, &errs)
	}
	m.said = out.String()
	if strings.HasPrefix(m.said, "brrr_") {
		writeFile(m.t, filepath.Join(m.root, "key"), m.said)
	}
}

// withoutBRRR is the environment, without settings for brrr.
func withoutBRRR() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "BRRR_") })
}

// checkCall has a payment recorded, once, and scored by the Python process.
func (m *machine) checkCall(when string) {
	m.t.Helper()
	rows := filepath.Join(m.root, "rows.csv")
	if _, err := os.Stat(rows); err != nil {
		writeFile(m.t, rows, "transaction_id,account_id,amount,time\nfirst,card,10,1700000000\n")
		m.shell(m.here("/opt/brrr/bin/brrr import "+rows) + " --data " + m.here("/var/lib/brrr"))
	}
	m.shell(fmt.Sprintf("BRRR_KEY=$(cat %s/key) %s check first --server %s", m.root, m.here("/opt/brrr/bin/brrr"), m.service.url))
	if !regexp.MustCompile(`(?m)^first +\S+ +[0-9.]+ %`).MatchString(m.said) {
		m.t.Errorf("%s: %s", when, m.said)
	}
}
