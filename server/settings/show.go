package settings

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// Shown is a setting as people and programs are shown it: without secrets.
type Shown struct {
	Key    string `json:"key"`
	Value  any    `json:"value"` // as YAML and JSON have it
	Text   string `json:"-"`     // in one line
	Origin string `json:"origin"`
}

// Shown are all settings, for people and programs.
func (s *Settings) Shown() []Shown {
	var all []Shown
	for _, setting := range s.All {
		value := plain(setting.Value)
		all = append(all, Shown{setting.Key(), value, inLine(value), setting.Origin})
	}
	return all
}

// YAML is a file that says all that is set, wherever it came from.
func (s *Settings) YAML() string {
	var b strings.Builder
	for i, shown := range s.Shown() {
		writeKey(&b, s.All[i].Flag, shown.Value, shown.Origin == "default")
	}
	return b.String()
}

// Sample is a file with every key of a command, its default, and what it is for.
func Sample(command *kong.Node) string {
	var b strings.Builder
	b.WriteString("# Every setting of brrr serve, with its default. Flags come first, then the\n# environment (BRRR_MAX_WAIT for max-wait), then this file. (reload): SIGHUP is enough.\n")
	for _, flag := range command.Flags {
		if !inFile(flag) {
			continue
		}
		fmt.Fprintf(&b, "\n# %s", flag.Help)
		if flag.Enum != "" {
			fmt.Fprintf(&b, " One of %s.", strings.Join(flag.EnumSlice(), ", "))
		}
		if flag.Tag.Has(reloadable) {
			b.WriteString(" (reload)")
		}
		b.WriteString("\n")
		value := reflect.Zero(flag.Target.Type())
		if flag.HasDefault {
			value, _ = decode(flag, []string{flag.Default})
		}
		writeKey(&b, flag, sampled(flag, value), true)
	}
	return b.String()
}

// sampled is a default as the sample has it: text as it stands in the help, not as it
// would be on this machine.
func sampled(flag *kong.Flag, value reflect.Value) any {
	shown := plain(value.Interface())
	if _, isText := shown.(string); isText && flag.HasDefault {
		return flag.Default
	}
	return shown
}

// writeKey writes a line of a file. Nothing, where nothing was said, becomes a
// comment: an empty path is one that was given.
func writeKey(b *strings.Builder, flag *kong.Flag, value any, byDefault bool) {
	if byDefault && !flag.HasDefault && inLine(value) == "" {
		fmt.Fprintf(b, "# %s:\n", flag.Name)
		return
	}
	line, err := yaml.Marshal(map[string]any{flag.Name: value})
	if err != nil {
		panic(err) // plain values only
	}
	b.Write(line)
}

// plain is a value as YAML and JSON have it, without secrets.
func plain(value any) any {
	switch v := value.(type) {
	case time.Duration:
		return v.String()
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		if err != nil {
			return Mask(fmt.Sprint(v))
		}
		return Mask(string(text))
	case string:
		return Mask(v)
	case []string:
		items := []string{}
		for _, item := range v {
			items = append(items, Mask(item))
		}
		return items
	case map[string]string:
		pairs := map[string]string{}
		for key, item := range v {
			pairs[key] = Mask(item)
		}
		return pairs
	case bool, int, float64:
		return v
	}
	return Mask(fmt.Sprint(value))
}

// inLine is a plain value in one line.
func inLine(value any) string {
	switch v := value.(type) {
	case []string:
		return strings.Join(v, ",")
	case map[string]string:
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, key+"="+v[key])
		}
		return strings.Join(pairs, ";")
	}
	return fmt.Sprint(value)
}
