package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

const (
	// configFlag names the file.
	configFlag = "config"
	// maxFile is far more than all settings take.
	maxFile = 1 << 20
)

// file reads the file that --config names: one mapping from keys to values.
func (r *reader) file() {
	config := r.given[configFlag]
	if config == nil || config.Value == "" {
		return
	}
	path := config.Value.(string)
	top, err := readYAML(path)
	if err != nil {
		r.refuse(configFlag, "%s: %v", config.Origin, err)
		return
	}
	seen := map[string]int{}
	for i := 0; top != nil && i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		at := fmt.Sprintf("%s:%d", path, key.Line)
		flag := r.key(key.Value)
		switch first := seen[key.Value]; {
		case flag == nil:
			r.refuse("", "%s: %s: unknown key%s", at, key.Value, meant(key.Value, r.keys()))
		case first > 0:
			r.refuse(flag.Name, "%s: %s: is already given in line %d", at, key.Value, first)
		default:
			seen[key.Value] = key.Line
			r.entry(flag, at, value)
		}
	}
}

// entry gives what the file says of one key.
func (r *reader) entry(flag *kong.Flag, at string, value *yaml.Node) {
	text, err := textOf(flag, value)
	if err != nil {
		r.refuse(flag.Name, "%s: %s: %v", at, flag.Name, err)
		return
	}
	r.give(flag, at, true, []string{text})
}

// readYAML is the mapping that a file holds, or nil if it holds nothing.
func readYAML(path string) (*yaml.Node, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s: is larger than %d bytes", path, maxFile)
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: holds more than one document", path)
	}
	top := document.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
		return nil, nil
	case top.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("%s:%d: must be lines of key: value", path, top.Line)
	}
	return top, nil
}

// textOf is what one would say on the command line: what is read from there and from
// a file is then read by the same code.
func textOf(flag *kong.Flag, value *yaml.Node) (string, error) {
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch {
	case value.Kind == yaml.ScalarNode:
		return scalar(value)
	case value.Kind == yaml.SequenceNode && flag.IsSlice():
		items, err := scalars(value.Content)
		return kong.JoinEscaped(items, flag.Tag.Sep), err
	case value.Kind == yaml.MappingNode && flag.IsMap():
		items, err := scalars(value.Content)
		var pairs []string
		for i := 0; i+1 < len(items); i += 2 {
			if strings.Contains(items[i], "=") {
				return "", fmt.Errorf("%q must not hold a =", items[i])
			}
			pairs = append(pairs, items[i]+"="+items[i+1])
		}
		return kong.JoinEscaped(pairs, flag.Tag.MapSep), err
	case flag.IsSlice():
		return "", errors.New("must be a list, or text with commas")
	case flag.IsMap():
		return "", errors.New("must be a mapping")
	}
	return "", errors.New("must be one value, not several")
}

func scalars(nodes []*yaml.Node) (texts []string, err error) {
	for _, node := range nodes {
		text, wrong := scalar(node)
		if wrong == nil && text == "" {
			wrong = errors.New("must not hold an empty item")
		}
		texts, err = append(texts, text), errors.Join(err, wrong)
	}
	return texts, err
}

func scalar(node *yaml.Node) (string, error) {
	switch {
	case node.Kind != yaml.ScalarNode:
		return "", errors.New("must not hold lists or mappings of its own")
	case node.Tag == "!!null":
		return "", errors.New(`has no value; "" is the empty one`)
	}
	return node.Value, nil
}

// key is the flag of a key of the file, or nil.
func (r *reader) key(name string) *kong.Flag {
	if flag := r.flag("--" + name); flag != nil && inFile(flag) {
		return flag
	}
	return nil
}

func (r *reader) keys() []string {
	var all []string
	for _, flag := range r.command.Flags {
		if inFile(flag) {
			all = append(all, flag.Name)
		}
	}
	return all
}
