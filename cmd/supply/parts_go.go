package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// target is what a binary is built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "-" + t.arch }

// targets are those that are released.
var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}}

// goCommand runs go for a target, without cgo.
func goCommand(t target, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// goParts are the modules of which packages are in the binary, and Go's own library.
func goParts(t target) ([]part, error) {
	out, err := goCommand(t, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "./cmd/brrr").Output()
	if err != nil {
		return nil, err
	}
	library, err := goLibrary(t)
	if err != nil {
		return nil, err
	}
	parts := []part{library}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		p := part{Kind: "golang", Name: fields[0], Version: fields[1], dir: fields[2]}
		if p.License, err = licenseOf(p); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return sorted(parts), nil
}

// goLibrary is of the version that go.mod asks for at least; the binary tells the one
// that it was built with.
func goLibrary(t target) (part, error) {
	out, err := goCommand(t, "list", "-m", "-f", "{{.GoVersion}}").Output()
	if err != nil {
		return part{}, err
	}
	root, err := goCommand(t, "env", "GOROOT").Output()
	if err != nil {
		return part{}, fmt.Errorf("go env: %w", err)
	}
	p := part{Kind: "golang", Name: "std", Version: strings.TrimSpace(string(out)), dir: strings.TrimSpace(string(root))}
	p.License = "BSD-3-Clause" // Debian's packages keep its text elsewhere
	return p, nil
}
