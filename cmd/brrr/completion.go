package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help is what --help shows besides. Kong calls it.
func (completionCmd) Help() string {
	return `To have brrr completed in every new shell, add the line of yours:

  bash, in ~/.bashrc                      source <(brrr completion bash)
  zsh, in ~/.zshrc, below compinit        source <(brrr completion zsh)
  fish, in ~/.config/fish/config.fish     brrr completion fish | source`
}

// Run prints a script that asks the binary itself, so that it always knows the
// flags of the one that is called.
func (c *completionCmd) Run(io streams) error {
	_, err := fmt.Fprint(io.out, completionScripts[c.Shell])
	return err
}

// filesAnswer has the shell complete names of files.
const filesAnswer = ":files"

var completionScripts = map[string]string{
	"bash": `_brrr() {
	local IFS=$'\n'
	COMPREPLY=($("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	if [[ ${COMPREPLY[0]-} == ` + filesAnswer + ` ]]; then
		COMPREPLY=()
		compopt -o default
	fi
}
complete -F _brrr brrr
`,
	"zsh": `#compdef brrr
_brrr() {
	local -a found
	found=(${(f)"$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
	if [[ ${found[1]-} == ` + filesAnswer + ` ]]; then
		_files
	else
		compadd -- $found
	fi
}
compdef _brrr brrr
`,
	"fish": `function __brrr
	set -l before (commandline -opc)
	set -l word (commandline -ct)
	set -l found (command $before[1] complete -- $before[2..] "$word" 2>/dev/null)
	if test "$found" = ` + filesAnswer + `
		__fish_complete_path "$word"
	else
		printf '%s\n' $found
	end
end
complete -c brrr -f -a '(__brrr)'
`,
}

type completeCmd struct {
	Words []string `arg:"" optional:"" help:"The command line up to the cursor, without brrr itself."`
}

// Run prints what the last word may become, one a line.
func (c *completeCmd) Run(io streams, line *kong.Context) error {
	for _, word := range complete(line.Model.Node, append([]string{""}, c.Words...)) {
		fmt.Fprintln(io.out, word)
	}
	return nil
}

// complete walks the words before the last one, down to a command and perhaps to
// a flag that waits for its value.
func complete(at *kong.Node, words []string) []string {
	var waiting *kong.Value
	args := 0
	before, last := words[:len(words)-1], words[len(words)-1]
	for _, word := range before {
		child := slices.IndexFunc(at.Children, func(n *kong.Node) bool { return n.Name == word })
		switch {
		case word == "" || word == "=" && waiting != nil: // bash divides --flag=value into three
		case waiting != nil:
			waiting = nil
		case strings.HasPrefix(word, "-"):
			waiting = valueOf(at, word)
		case child >= 0:
			at = at.Children[child]
		default:
			args++
		}
	}
	name, value, together := strings.Cut(last, "=")
	switch {
	case waiting != nil:
		return startingWith(strings.TrimPrefix(last, "="), values(waiting))
	case strings.HasPrefix(last, "--") && together:
		if flag := valueOf(at, name); flag != nil {
			return prefixed(name+"=", startingWith(value, values(flag)))
		}
	case strings.HasPrefix(last, "-"):
		return startingWith(last, flagNames(at))
	case len(at.Positional) > 0:
		return startingWith(last, values(at.Positional[min(args, len(at.Positional)-1)]))
	}
	return startingWith(last, commandNames(at))
}

// valueOf is the value of a flag, or nil for one that takes none.
func valueOf(at *kong.Node, word string) *kong.Value {
	for _, flag := range slices.Concat(at.AllFlags(true)...) {
		if (word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short)) && !flag.IsBool() {
			return flag.Value
		}
	}
	return nil
}

// values are those that can be listed, or that names of files are wanted.
func values(of *kong.Value) []string {
	switch {
	case of.Enum != "":
		return of.EnumSlice()
	case of.Tag.Type == "path", of.Tag.Type == "existingfile", of.Name == "file":
		return []string{filesAnswer}
	}
	return nil
}

func flagNames(at *kong.Node) (names []string) {
	for _, flag := range slices.Concat(at.AllFlags(true)...) {
		names = append(names, "--"+flag.Name)
	}
	return names
}

func commandNames(at *kong.Node) (names []string) {
	for _, child := range at.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return names
}

func startingWith(prefix string, words []string) []string {
	return slices.DeleteFunc(words, func(word string) bool {
		return word != filesAnswer && !strings.HasPrefix(word, prefix)
	})
}

func prefixed(prefix string, words []string) []string {
	for i, word := range words {
		if word != filesAnswer { // the shell does it
			words[i] = prefix + word
		}
	}
	return words
}
