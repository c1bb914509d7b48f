package settings

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// prefix is what our variables begin with.
const prefix = "BRRR_"

// environment reads the variables of the command's flags.
func (r *reader) environment() {
	for _, flag := range r.command.Flags {
		for _, name := range flag.Envs {
			if text, ok := os.LookupEnv(name); ok {
				r.give(flag, name, false, []string{text})
				break
			}
		}
	}
}

// unknownVariables are those that begin as ours do but are no flag of any command:
// no mistake, since other programs may use such, but most likely one in spelling.
func unknownVariables(app *kong.Application, environ []string) []string {
	var known []string
	_ = kong.Visit(app.Node, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Envs...)
		}
		return next(nil)
	})
	var unknown []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) {
			unknown = append(unknown, name+meant(name, known))
		}
	}
	slices.Sort(unknown)
	return unknown
}
