package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

// elsewhere are commands that are not run here, why, and what does run them.
var elsewhere = map[string]struct{ why, file, says string }{
	"make run":  {"sets up the folder and serves for ever", "cmd/brrr/serve_test.go", "func TestTheDemoShowsACallThatWorksAsPasted("},
	"make test": {"is what runs this test", ".ci/run", "\nmake test\n"},
}

// reader does what a document says, in a folder like the root.
type reader struct {
	t       *testing.T
	folder  string
	env     []string
	url     string                                  // of the service
	key     string                                  // for it
	stands  func(r *reader) (forWhat, put []string) // what else stands for something
	serving *exec.Cmd                               // started by a block
	log     *bufio.Scanner                          // of it
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, folder: t.TempDir()}
	for _, env := range os.Environ() {
		if !strings.HasPrefix(env, "BRRR_") {
			r.env = append(r.env, env)
		}
	}
	bin := binFolder(t)
	r.setenv("PATH", bin+":"+os.Getenv("PATH"))
	r.link(bin, "bin")
	for _, name := range []string{"gen", "node_modules", "predictor/.venv"} {
		r.link(filepath.Join(root, name), name)
	}
	modules, err := filepath.Glob(filepath.Join(root, "predictor", "*.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range modules {
		r.link(module, "predictor/"+filepath.Base(module))
	}
	if err := os.CopyFS(filepath.Join(r.folder, "predictor/models"), os.DirFS(modelsIn(root))); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) setenv(name, value string) { r.env = append(r.env, name+"="+value) }

func (r *reader) link(to, name string) {
	r.t.Helper()
	path := filepath.Join(r.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Symlink(to, path); err != nil {
		r.t.Fatal(err)
	}
}

// follow runs a block by the rule for its language.
func (r *reader) follow(b block) {
	r.t.Helper()
	switch b.language {
	case "sh":
		for _, command := range r.commands(b) {
			r.run(b.where, command)
		}
	case "json":
		r.compare(b)
	case "go":
		r.runGo(b)
	case "ts":
		r.runTypeScript(b)
	default:
		r.t.Errorf("%s: no rule says how to run a block of %q", b.where, b.language)
	}
}

// commands divides a block into what the shell runs one after the other.
func (r *reader) commands(b block) (commands []string) {
	r.t.Helper()
	command := ""
	for line := range strings.Lines(b.text) {
		command += line
		if strings.HasSuffix(line, "\\\n") || exec.Command("bash", "-n", "-c", command).Run() != nil {
			continue
		}
		commands, command = append(commands, strings.TrimSpace(command)), ""
	}
	if command != "" {
		r.t.Fatalf("%s: the shell cannot read %s", b.where, command)
	}
	return commands
}

// put replaces what stands for something of the reader's own.
func (r *reader) put(text string) string {
	for forWhat, own := range map[string]string{"http://127.0.0.1:8080": r.url, "brrr_…": r.key} {
		if own != "" {
			text = strings.ReplaceAll(text, forWhat, own)
		}
	}
	if r.stands == nil {
		return text
	}
	forWhat, own := r.stands(r)
	for i := range forWhat {
		text = strings.ReplaceAll(text, forWhat[i], own[i])
	}
	return text
}

var (
	serves  = regexp.MustCompile(`^bin/brrr serve\b`)
	refuses = regexp.MustCompile(`"code": ?"[a-z_]+"`) // of an error, or of an item of a batch
)

func (r *reader) run(where, command string) {
	r.t.Helper()
	command = r.put(command)
	if other, ok := elsewhere[command]; ok {
		if !strings.Contains(readFile(r.t, filepath.Join(root, other.file)), other.says) {
			r.t.Errorf("%s: %s %s, and is not run by %s", where, command, other.why, other.file)
		}
		if out, err := exec.Command("make", "-n", "-C", root, strings.TrimPrefix(command, "make ")).CombinedOutput(); err != nil {
			r.t.Errorf("%s: %v\n%s", where, err, out)
		}
		return
	}
	if serves.MatchString(command) {
		r.serve(where, command)
		return
	}
	// One terminal: what is set in it stays set.
	script := "set -ae\n[ ! -e .shell ] || . ./.shell\n" + command + "\nexport -p > .shell\n"
	cmd := r.command("bash", "-c", script)
	out, err := cmd.CombinedOutput()
	if strings.HasPrefix(command, "timeout ") && cmd.ProcessState.ExitCode() == 124 { // time is up, as it is to be
		err, out = nil, bytes.ReplaceAll(out, []byte(`"code": "canceled"`), nil)
	}
	if err != nil || refuses.Match(out) || len(out) == 0 && strings.HasPrefix(command, "curl ") {
		r.t.Errorf("%s: %s\n%v\n%s", where, command, err, out)
	}
}

func (r *reader) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.t.Context(), name, args...)
	cmd.Dir, cmd.Env = r.folder, r.env
	return cmd
}

// serve starts a service in place of the one before, and returns once it can be
// asked. A key that it prints is the reader's.
func (r *reader) serve(where, command string) {
	r.t.Helper()
	r.stop()
	r.serving = r.command("bash", "-c", "exec "+command+" 2>&1")
	out, err := r.serving.StdoutPipe()
	if err == nil {
		err = r.serving.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	var said strings.Builder
	r.log = bufio.NewScanner(out)
	for ready, listening := false, false; !ready || !listening; {
		if !r.log.Scan() {
			r.t.Fatalf("%s: %s\n%s", where, command, said.String())
		}
		line := r.log.Text()
		fmt.Fprintln(&said, line)
		var entry struct{ Msg, URL string }
		switch json.Unmarshal([]byte(line), &entry); {
		case strings.HasPrefix(line, "brrr_"):
			r.key = line
		case entry.Msg == "listening":
			listening, r.url = true, entry.URL
		case entry.Msg == "predictor ready":
			ready = true
		}
	}
	// The next one listens where this one did, as the reader's does.
	r.setenv("BRRR_LISTEN", strings.TrimPrefix(r.url, "http://"))
	r.setenv("BRRR_SERVER", r.url)
	r.setenv("BRRR_KEY", r.key)
}

// stop ends what serves, as Ctrl-C does.
func (r *reader) stop() {
	r.t.Helper()
	if r.serving == nil {
		return
	}
	if err := r.serving.Process.Signal(syscall.SIGINT); err != nil {
		r.t.Error(err)
	}
	for r.log.Scan() {
	}
	if err := r.serving.Wait(); err != nil {
		r.t.Errorf("serve ended with %v", err)
	}
	r.serving = nil
}

// compare holds a block of JSON against what the service answers about the
// transaction that it names.
func (r *reader) compare(b block) {
	r.t.Helper()
	var shown, real map[string]any
	if err := json.Unmarshal([]byte(b.text), &shown); err != nil {
		r.t.Fatalf("%s: %v", b.where, err)
	}
	answer := r.ask(fmt.Sprint(shown["transaction_id"]))
	if err := json.Unmarshal([]byte(answer), &real); err != nil || !reflect.DeepEqual(shape(shown), shape(real)) {
		r.t.Errorf("%s: it shows\n%s, but the service answers\n%s", b.where, b.text, answer)
	}
}

func (r *reader) ask(id string) (answer string) {
	r.t.Helper()
	answer, err := post(r.t.Context(), r.url+rpc.SeedPath, r.key, fmt.Sprintf(`{"transaction_id":%q}`, id))
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

// shape is a value with kinds in place of what is no object.
func shape(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return reflect.TypeOf(value)
	}
	shapes := map[string]any{}
	for key, value := range object {
		shapes[key] = shape(value)
	}
	return shapes
}
