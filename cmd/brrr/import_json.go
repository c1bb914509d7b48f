package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// splitJSON reads an object. Its fields are strings, numbers or booleans, each
// there once; fields that are not read may be anything.
func (r *rowReader) splitJSON(text string) (func(string) string, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("must be a JSON object")
	}
	fields := map[string]string{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, badJSON(err)
		}
		name, _ := key.(string)
		if !r.columns.has(name) {
			var unread json.RawMessage
			if err := decoder.Decode(&unread); err != nil {
				return nil, badJSON(err)
			}
			continue
		}
		value, err := decoder.Token()
		if err != nil {
			return nil, badJSON(err)
		}
		if _, nested := value.(json.Delim); nested {
			return nil, fmt.Errorf("%s: must be a string or a number", name)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%s: stands twice", name)
		}
		fields[name] = ""
		if value != nil {
			fields[name] = fmt.Sprint(value)
		}
	}
	if _, err := decoder.Token(); err != nil { // the object's end
		return nil, badJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object in its line")
	}
	return func(name string) string { return fields[name] }, nil
}

func badJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON object does not end in its line")
	}
	return fmt.Errorf("not JSON: %w", err)
}
