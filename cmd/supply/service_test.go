package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// service is what systemd would run.
type service struct {
	t       *testing.T
	cmd     *exec.Cmd
	url     string
	log     *bufio.Scanner
	printed bytes.Buffer
}

// unit is a setting of the unit that is installed, for this machine.
func (m *machine) unit(key string) (values []string) {
	m.t.Helper()
	for line := range strings.Lines(readFile(m.t, m.root, "etc/systemd/system/brrr.service")) {
		if value, ok := strings.CutPrefix(line, key+"="); ok {
			values = append(values, strings.Fields(m.here(value))...)
		}
	}
	if len(values) == 0 {
		m.t.Fatalf("the unit has no %s=", key)
	}
	return values
}

// checkSettings has brrr name what it does not know of an environment.
func (m *machine) checkSettings(of string, environment []string) {
	m.t.Helper()
	check := m.unit("ExecStartPre")
	cmd := exec.CommandContext(m.t.Context(), check[0], check[1:]...)
	cmd.Dir, cmd.Env = "/", append(withoutBRRR(), environment...)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "ok\n" {
		m.t.Errorf("settings of %s: %v\n%s", of, err, out)
	}
}

// checkUnit has systemd read the unit. It tells what it does not understand, and goes on.
func (m *machine) checkUnit() {
	m.t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		m.t.Log("SKIPPED: systemd-analyze is missing: apt-get install systemd")
		return
	}
	unit := filepath.Join(m.root, "brrr.service")
	writeFile(m.t, unit, strings.ReplaceAll(readFile(m.t, "deploy/systemd/brrr.service"), "/opt/", m.root+"/opt/"))
	if out, err := exec.Command(analyze, "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		m.t.Errorf("%v\n%s", err, out)
	}
}

// start starts the service as the unit says, on ports that are free, and returns once
// the model answers.
func (m *machine) start() *service {
	m.t.Helper()
	m.checkSettings("the unit", m.unit("Environment"))
	exe := m.unit("ExecStart")
	s := &service{t: m.t, cmd: exec.CommandContext(m.t.Context(), exe[0], exe[1:]...)}
	s.cmd.Dir, s.cmd.Stdout = "/", &s.printed
	s.cmd.Env = slices.Concat(withoutBRRR(), m.unit("Environment"), []string{"BRRR_LISTEN=127.0.0.1:0", "BRRR_ADMIN_LISTEN=127.0.0.1:0"})
	log, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { s.cmd.Process.Kill() }) // nothing, if it has ended
	s.log = bufio.NewScanner(log)
	s.checkFirst(s.next())
	for ready, told := false, false; s.url == "" || !ready || !told; {
		switch said := s.next(); said.Msg {
		case "listening":
			s.url = said.URL
		case "predictor ready":
			ready = true
		case "predictor process":
			if !told { // its first line
				s.checkFirst(entryOf(m.t, said.Said))
			}
			told = true
		}
	}
	return s
}

// entry is a line of a log: brrr's with a msg, the Python process's with an event.
type entry struct{ Msg, Event, Said, URL, Version, Commit string }

func entryOf(t *testing.T, line string) (said entry) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return said
}

func (s *service) next() entry {
	s.t.Helper()
	if !s.log.Scan() {
		s.t.Fatal("the service ended by itself")
	}
	return entryOf(s.t, s.log.Text())
}

// checkFirst wants the first line of a log to tell which release this is.
func (s *service) checkFirst(said entry) {
	s.t.Helper()
	head, err := headCommit()
	if err != nil {
		s.t.Fatal(err)
	}
	if said.Msg+said.Event != "starting" || said.Version != released[0] || said.Commit != head.id {
		s.t.Errorf("a log begins with %+v, want version %s of commit %s", said, released[0], head.id)
	}
}

// stop ends it as systemd does, and wants no key to have gone where the journal keeps it.
func (s *service) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	for s.log.Scan() {
	}
	if err := s.cmd.Wait(); err != nil || s.printed.Len() > 0 {
		s.t.Errorf("it ended with %v and printed %q", err, &s.printed)
	}
}
