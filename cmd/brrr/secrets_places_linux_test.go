package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// findInProcesses reads what the system shows of the server and the model's process:
// to everybody, to their own user, and how much of their memory it would keep.
func (r *secretive) findInProcesses(t *testing.T) {
	t.Helper()
	for name, pid := range map[string]int{"the server": r.server.cmd.Process.Pid, "the model": r.server.child()} {
		of := fmt.Sprintf("/proc/%d/", pid)
		r.known.findIn(t, name+" in ps", []byte(readFile(t, of+"cmdline")))
		if name == "the model" {
			r.known.findIn(t, "the environment of "+name, []byte(readFile(t, of+"environ")))
		}
		leavesNoMemory(t, name, pid)
	}
}

// leavesNoMemory looks at what the kernel would do if a process ended badly: no file,
// and nothing of its memory for a program that dumps are piped to.
func leavesNoMemory(t *testing.T, name string, pid int) {
	t.Helper()
	_, limit, _ := strings.Cut(readFile(t, fmt.Sprintf("/proc/%d/limits", pid)), "Max core file size")
	if fields := strings.Fields(limit); len(fields) < 2 || fields[0] != "0" || fields[1] != "0" {
		t.Errorf("%s may leave its memory in a file: %.40q", name, limit)
	}
	if kept := strings.Trim(readFile(t, fmt.Sprintf("/proc/%d/coredump_filter", pid)), "0\n"); kept != "" {
		t.Errorf("%s may leave its memory to a program: filter %s", name, kept)
	}
}

// findInCommands reads what commands say beside the server, of the settings it has and
// of others with secrets where none should be.
func (r *secretive) findInCommands(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"audit"}, {"keys", "list", "-o", "json"}, {"doctor"}} {
		_, out, errs := command(t, append(args, "--data="+r.data)...)
		r.known.findIn(t, args[0], []byte(out+errs))
	}
	password, key := r.known["a password"], r.flags[3][len("--tls-key="):]
	notHeaders := writeFile(t, "not-headers", "X-Api-Key "+r.known["the header for the collector"]+"\n")
	notSettings := writeFile(t, "not-settings", "key: "+r.tokens["admin"]+"\ntoken: "+r.tokens["JWT"]+"\npredictor: ftp://user:"+password+"@x\n")
	for _, wrong := range [][]string{
		{},
		{"--predictor=http://user:" + password + "@127.0.0.1:1", "--admin-listen="},
		{"--predictor=ftp://user:" + password + "@127.0.0.1:1"},
		{"--trace-endpoint=http://user:" + password + "@127.0.0.1:1"},
		{"--trace-endpoint=http://127.0.0.1:1?token=" + password},
		{"--oidc-issuer=https://user:" + password + "@id.example"},
		{"--trace-headers-file=" + notHeaders},
		{"--trace-headers-file=" + key},
		{"--trace-headers-file=Authorization: Bearer " + password},
		{"--trace-headers-file=x-api-key=" + password},
		{"--tls-cert=" + key},
		{"--tls-client-ca=" + key},
		{"--predictor=https://127.0.0.1:1", "--predictor-ca=" + key},
		{"--predictor=https://127.0.0.1:1", "--predictor-cert=" + key, "--predictor-key=" + key},
		{"--oidc-ca=" + key},
		{"--store=postgres://user:" + password + "@127.0.0.1:1/brrr"},
		{"--store=postgres://user:" + password + "/@127.0.0.1:1/brrr"},
		{"--store=mysql://user:" + password + "@127.0.0.1:1/brrr"},
		{"--store=host=127.0.0.1 password=" + password},
		{"--config=" + key},
		{"--config=" + notHeaders},
		{"--config=" + notSettings},
	} {
		for _, words := range [][]string{{"check"}, {"show"}, {"show", "-o", "json"}, {"show", "-o", "yaml"}} {
			args := append(append([]string{"config"}, words...), append(r.flags, wrong...)...)
			code, out, errs := command(t, append(args, "--data="+r.data, "--predictor-root="+root)...)
			r.known.findIn(t, fmt.Sprintf("config %s %.30s", words, wrong), []byte(out+errs))
			if len(wrong) == 0 && code != exitDone || out+errs == "" {
				t.Errorf("config %s: exit %d, %s", words, code, errs)
			}
		}
	}
}

// findInTraces reads every span of the server and of the model's process as it was sent,
// and the requests that brought them: the header for the collector is in none but its own.
func (r *secretive) findInTraces(t *testing.T) {
	t.Helper()
	sent := map[string]bool{}
	for name := range r.traces.of("") {
		service, _, _ := strings.Cut(name, ": ")
		sent[service] = true
	}
	if !sent["brrr"] || !sent["brrr-predictor"] {
		t.Errorf("spans came of %v alone", sent)
	}
	r.traces.mu.Lock()
	defer r.traces.mu.Unlock()
	r.known.findIn(t, "a span", r.traces.bytes.Bytes())
	for _, head := range r.traces.heads {
		if head.Get("X-Api-Key") != r.known["the header for the collector"] {
			t.Errorf("spans came without the header for the collector: %v", http.Header(head))
		}
		head.Del("X-Api-Key")
		r.known.findIn(t, "a request with spans", fmt.Append(nil, head))
	}
}

func findInFiles(t *testing.T, known secrets, folder string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files++
			known.findIn(t, path, []byte(readFile(t, path)))
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}
