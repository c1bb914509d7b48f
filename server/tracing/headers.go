package tracing

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// CheckHeaders refuses a file of headers that cannot be sent.
func CheckHeaders(file string) error {
	_, err := readHeaders(file)
	return err
}

// readHeaders reads a file of headers, "Name: value" a line. What is wrong with it is
// told by the line's number: its text may be a secret. No file has no headers.
func readHeaders(file string) (http.Header, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("headers for the collector: %w", err)
	}
	headers := http.Header{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("headers for the collector: %s: line %d must be NAME: VALUE", file, i+1)
		}
		headers.Add(name, value)
	}
	return headers, nil
}
