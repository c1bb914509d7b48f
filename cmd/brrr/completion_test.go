package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestCompletionKnowsCommandsFlagsAndValues(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "serve keys import check assess list watch outcome outcomes model audit backup restore doctor migrate retention config version completion",
		"li":                            "list",
		"keys ":                         "create list revoke",
		"keys r":                        "revoke",
		"list --la":                     "--label --labelled",
		"list --label ":                 "any fraud legitimate",
		"list --label f":                "fraud",
		"list --label=f":                "--label=fraud",
		"list --label = f":              "fraud", // as bash divides it
		"list --label =":                "any fraud legitimate",
		"list -o ":                      "table json",
		"list -o json --order ":         "newest probability",
		"list --labelled --order p":     "probability", // a flag without a value
		"list --account a --label l":    "legitimate",
		"outcome ":                      "",
		"outcome Y1 ":                   "fraud legitimate withdrawn",
		"outcome --source analyst Y1 w": "withdrawn",
		"outcome Y1 fraud --source c":   "chargeback customer",
		"keys create --role ":           "client backend analyst admin",
		"keys create --data ":           filesAnswer,
		"import ":                       filesAnswer,
		"import a.csv b":                filesAnswer,
		"assess --input=":               filesAnswer,
		"completion ":                   "bash zsh fish",
		"fly ":                          "serve keys import check assess list watch outcome outcomes model audit backup restore doctor migrate retention config version completion",
		"list --nosuch=":                "",
		"watch --rate ":                 "",
		"outcomes export --output=":     filesAnswer,
	} {
		code, out, errs := command(t, append([]string{"complete", "--"}, strings.Split(line, " ")...)...)
		if got := strings.Join(strings.Fields(out), " "); code != exitDone || got != want {
			t.Errorf("brrr %s: %q, not %q (exit %d %s)", line, got, want, code, errs)
		}
	}
}

// TestCompletionCompletesInTheShell sources the script and has the shell itself
// complete a line.
func TestCompletionCompletesInTheShell(t *testing.T) {
	for shell, complete := range map[string]string{
		"bash": `source <(brrr completion bash); COMP_WORDS=(brrr list --label = "f"); COMP_CWORD=4; _brrr; echo "${COMPREPLY[@]}"
			COMP_WORDS=(brrr "key"); COMP_CWORD=1; _brrr; echo "${COMPREPLY[@]}"
			complete -p brrr`,
		// compadd and compdef work nowhere but below the line editor.
		"zsh": `compdef() { defined="$*"; }; compadd() { shift; print -r -- $*; }; source <(brrr completion zsh)
			words=(brrr list --label f); CURRENT=4; _brrr; words=(brrr key); CURRENT=2; _brrr; print -r -- complete -F $defined`,
		"fish": `brrr completion fish | source; complete --do-complete 'brrr list --label f'; complete --do-complete 'brrr key'; echo complete -F _brrr brrr`,
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				missing(t, shell, "apt-get install "+shell)
			}
			cmd := exec.CommandContext(t.Context(), path, "-c", complete)
			cmd.Env = append(os.Environ(), "PATH="+binFolder(t)+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if want := "fraud\nkeys\ncomplete -F _brrr brrr\n"; err != nil || string(out) != want {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
