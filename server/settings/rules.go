package settings

import (
	"errors"
	"regexp"
	"strings"
)

// rules asks the command what does not fit together. What only follows from a value
// that is wrong itself is left out.
func (r *reader) rules() {
	command, ok := r.command.Target.Addr().Interface().(interface{ Validate() error })
	if !ok {
		return
	}
	for _, mistake := range each(command.Validate()) {
		if !r.follows(mistake.Error()) {
			r.refuse("", "%v%s", mistake, r.origins(mistake.Error()))
		}
	}
}

var flagName = regexp.MustCompile(`--([a-z0-9-]+)`)

// follows reports whether a mistake speaks of a flag that is wrong already.
func (r *reader) follows(mistake string) bool {
	for _, name := range flagName.FindAllStringSubmatch(mistake, -1) {
		if r.wrong[strings.TrimSuffix(name[1], "-")] {
			return true
		}
	}
	return false
}

// origins tells where the flags that a mistake speaks of were given, if it was not on
// the command line.
func (r *reader) origins(mistake string) string {
	var from []string
	for _, name := range flagName.FindAllStringSubmatch(mistake, -1) {
		if s := r.given[name[1]]; s != nil && s.Origin != "default" && s.Origin != "--"+name[1] {
			from = append(from, s.Origin)
		}
	}
	if len(from) == 0 {
		return ""
	}
	return " (" + strings.Join(from, ", ") + ")"
}

// each takes errors apart that were joined.
func each(err error) []error {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.Unwrap()
	}
	return []error{err}
}
