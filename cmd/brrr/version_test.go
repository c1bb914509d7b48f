package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheLogBeginsWithVersionAndCommit has something else to say from the start: a
// variable that no flag knows.
func TestTheLogBeginsWithVersionAndCommit(t *testing.T) {
	brrr := filepath.Join(binFolder(t), "brrr")
	for format, read := range map[string]func(line string) (version, commit string){
		"json": func(line string) (string, string) {
			var said struct{ Msg, Version, Commit string }
			if err := json.Unmarshal([]byte(line), &said); err != nil || said.Msg != "starting" {
				t.Errorf("it begins with %s", line)
			}
			return said.Version, said.Commit
		},
		"text": func(line string) (string, string) {
			said := regexp.MustCompile(` msg=starting version=(\S+) commit=(\S+)$`).FindStringSubmatch(line)
			if said == nil {
				t.Fatalf("it begins with %s", line)
			}
			return said[1], said[2]
		},
	} {
		// It does not get far: what it says first is all that is asked.
		serve := exec.Command(brrr, "serve", "--data="+t.TempDir(), "--listen="+takenPort(t), "--admin-listen=", "--log-format="+format, noModel)
		serve.Env = append(os.Environ(), "BRRR_NO_SUCH_FLAG=1")
		out, _ := serve.CombinedOutput()
		first, rest, _ := strings.Cut(string(out), "\n")
		version, commit := read(first)
		if of := built(); version != of.Version || commit == "" || of.Commit != "" && commit != of.Commit {
			t.Errorf("%s: %s", format, first)
		}
		if !strings.Contains(rest, "BRRR_NO_SUCH_FLAG") {
			t.Errorf("%s: nothing warns of the unknown variable:\n%s", format, rest)
		}
	}
}
