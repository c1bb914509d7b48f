package settings

import (
	"strings"

	"github.com/alecthomas/kong"
)

// arguments reads the command line behind the command's name. Kong would end with
// the first mistake.
func (r *reader) arguments(args []string) {
	texts := map[*kong.Flag][]string{}
	for len(args) > 0 {
		var arg string
		arg, args = args[0], args[1:]
		name, text, hasText := strings.Cut(arg, "=")
		flag := r.flag(name)
		if off := r.switchedOff(name); off != nil {
			flag, text, hasText = off, "false", true
		}
		switch {
		case !strings.HasPrefix(arg, "-") || arg == "-" || arg == "--":
			r.refuse("", "unexpected argument %q", arg)
			continue
		case flag == nil:
			r.refuse("", "unknown flag %s%s", name, meant(name, r.spellings()))
			continue
		case hasText:
		case flag.IsBool():
			text = "true"
		case len(args) == 0 || strings.HasPrefix(args[0], "--"):
			r.refuse(flag.Name, "%s: needs a value", name)
			continue
		default:
			text, args = args[0], args[1:]
		}
		texts[flag] = append(texts[flag], text)
	}
	for _, flag := range r.command.Flags {
		if texts[flag] != nil {
			r.give(flag, "--"+flag.Name, false, texts[flag])
		}
	}
}

// flag is the one that is spelt so on the command line, or nil.
func (r *reader) flag(spelt string) *kong.Flag {
	for _, flag := range r.command.Flags {
		if spelt == "--"+flag.Name || flag.Short != 0 && spelt == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}

// switchedOff is the flag that --no-… switches off, or nil.
func (r *reader) switchedOff(spelt string) *kong.Flag {
	name, ok := strings.CutPrefix(spelt, "--no-")
	if flag := r.flag("--" + name); ok && flag != nil && flag.Tag.Negatable != "" {
		return flag
	}
	return nil
}

func (r *reader) spellings() []string {
	var all []string
	for _, flag := range r.command.Flags {
		all = append(all, "--"+flag.Name)
	}
	return all
}
