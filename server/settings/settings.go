// Package settings reads what a command is told: by its flags, the environment and
// one file of YAML, whose keys are the flags' names. It knows which flags there are
// from kong's model of the command, so that a new flag is a new key.
//
// There is one precedence: flag, environment, file, default. All that is wrong is
// named at once, also where something else takes precedence.
package settings

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"
)

// Tags on flags of a command that reads settings.
const (
	// notInFile is on flags that are for the command line and the environment alone.
	notInFile = "notinfile"
	// reloadable is on those that can change while the command runs.
	reloadable = "reload"
)

// Setting is what one flag is set to, and where.
type Setting struct {
	Flag   *kong.Flag
	Value  any
	Origin string // --max-wait, BRRR_MAX_WAIT, brrr.yaml:3, or default

	texts []string // as kong reads them from a command line
	file  bool     // it is the file that says so
}

// Key is its name in the file.
func (s *Setting) Key() string { return s.Flag.Name }

// Reloadable reports whether it can change while the command runs.
func (s *Setting) Reloadable() bool { return s.Flag.Tag.Has(reloadable) }

// Settings are all that a command is told, in the order of its flags.
type Settings struct {
	All []*Setting
	// Unknown are variables of the environment that look like ours and are not, with
	// what may have been meant.
	Unknown []string
}

// Read reads the settings of a command from its arguments, the environment and the
// file that --config names, if it has one. The error joins all that is wrong.
func Read(app *kong.Application, command *kong.Node, args []string) (*Settings, error) {
	r := &reader{command: command, given: map[string]*Setting{}, wrong: map[string]bool{}}
	r.arguments(args)
	r.environment()
	r.file()
	r.defaults()
	r.rules()
	if err := errors.Join(r.mistakes...); err != nil {
		return nil, err
	}
	s := &Settings{Unknown: unknownVariables(app, os.Environ())}
	for _, flag := range command.Flags {
		if inFile(flag) {
			s.All = append(s.All, r.given[flag.Name])
		}
	}
	return s, nil
}

// Takes reports whether a command takes a file of settings.
func Takes(command *kong.Node) bool {
	return slices.ContainsFunc(command.Flags, func(f *kong.Flag) bool { return f.Name == configFlag })
}

// reader gathers what is given, the first to say so first, and all that is wrong.
type reader struct {
	command  *kong.Node
	given    map[string]*Setting
	wrong    map[string]bool // by flag: what depends on it need not be told
	mistakes []error
}

// give sets a flag to what one place says of it, unless a place before did.
func (r *reader) give(flag *kong.Flag, origin string, file bool, texts []string) {
	value, err := decode(flag, texts)
	if err != nil {
		r.refuse(flag.Name, "%s: %v", where(origin, flag, file), err)
		return
	}
	if r.given[flag.Name] == nil {
		flag.Target.Set(value)
		r.given[flag.Name] = &Setting{Flag: flag, Value: value.Interface(), Origin: origin, texts: texts, file: file}
	}
}

// where tells place and key of a mistake; other places than the file are their own key.
func where(origin string, flag *kong.Flag, file bool) string {
	if file {
		return origin + ": " + flag.Name
	}
	return origin
}

func (r *reader) refuse(flag, format string, args ...any) {
	if flag != "" {
		r.wrong[flag] = true
	}
	r.mistakes = append(r.mistakes, errors.New(Mask(fmt.Sprintf(format, args...))))
}

// defaults sets what nobody gave. A flag that was given wrongly keeps to its default
// as well, so that the rules can be asked about the others.
func (r *reader) defaults() {
	for _, flag := range r.command.Flags {
		if r.given[flag.Name] != nil {
			continue
		}
		if flag.HasDefault {
			r.give(flag, "default", false, []string{flag.Default})
			continue
		}
		flag.Target.Set(reflect.Zero(flag.Target.Type()))
		r.given[flag.Name] = &Setting{Flag: flag, Value: flag.Target.Interface(), Origin: "default"}
	}
}

// Of is the setting of a key, or nil.
func (s *Settings) Of(key string) *Setting {
	for _, setting := range s.All {
		if setting.Key() == key {
			return setting
		}
	}
	return nil
}

// inFile reports whether a flag is a key of the file.
func inFile(flag *kong.Flag) bool { return !flag.Tag.Has(notInFile) && flag.Name != configFlag }
