package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// target is what a binary is built for. The empty one is this machine.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "-" + t.arch }

// targets are those that are released.
var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}}

// goCommand runs go for a target, the same way whatever is set on this machine: without
// cgo, for any processor of that kind.
func goCommand(t target, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch,
		"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0")
	cmd.Stderr = os.Stderr
	return cmd
}

// goSays is what go prints, without the end of the last line.
func goSays(t target, args ...string) (string, error) {
	out, err := goCommand(t, args...).Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
