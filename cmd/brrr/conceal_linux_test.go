package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoKeyStandsInTheListOfProcesses watches with a key on the command line and
// reads what ps would show.
func TestNoKeyStandsInTheListOfProcesses(t *testing.T) {
	s := startServer(t, noModel)
	for name, args := range map[string][]string{
		"one word":  {"--key=" + s.keys["analyst"]},
		"two words": {"--key", s.keys["analyst"]},
	} {
		t.Run(name, func(t *testing.T) {
			watch := exec.CommandContext(t.Context(), os.Args[0], append([]string{"watch", "-o", "json", "--server=" + s.url}, args...)...)
			watch.Env = append(os.Environ(), asMain+"=1")
			shown, err := watch.StdoutPipe()
			if err := errors.Join(err, watch.Start()); err != nil {
				t.Fatal(err)
			}
			defer func() { watch.Process.Kill(); watch.Wait() }()
			if _, err := bufio.NewReader(shown).ReadString('\n'); err != nil { // the key is right, where it was read
				t.Fatal(err)
			}
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", watch.Process.Pid))
			if err != nil || strings.Contains(string(line), s.keys["analyst"][len("brrr_"):]) || !strings.Contains(string(line), "***") {
				t.Errorf("ps shows %q, %v", line, err)
			}
		})
	}
}

func TestAKeyIsReadFromAFile(t *testing.T) {
	s := startServer(t, "--predictor="+startHost(t, newModelHost("host-1")))
	s.awaitModel(t)
	s.recordSome(t)
	file, empty := filepath.Join(t.TempDir(), "key"), filepath.Join(t.TempDir(), "empty")
	writeTo(t, file, s.keys["client"]+"\n")
	writeTo(t, empty, "\n")
	t.Setenv("BRRR_SERVER", s.url)
	checkCommand(t, "by flag", []string{"check", "first", "--key-file=" + file}, exitDone, []string{"first"})
	checkCommand(t, "empty", []string{"check", "first", "--key-file=" + empty}, exitFailed, []string{"--key-file: ", "is empty"})
	checkCommand(t, "none", []string{"check", "first"}, exitFailed, []string{"no key: set BRRR_KEY or BRRR_KEY_FILE"})
	t.Setenv("BRRR_KEY_FILE", file)
	checkCommand(t, "by environment", []string{"check", "first"}, exitDone, []string{"first"})
}
