package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const sumsFile = "SHA256SUMS"

// writeSums writes checksums of files in a folder, as sha256sum does. A signature of
// others that is there goes.
func writeSums(folder string, names []string) error {
	slices.Sort(names)
	var sums strings.Builder
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	file := filepath.Join(folder, sumsFile)
	if err := os.Remove(file + ".sig"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(sums.String()), 0o644)
}

// sign writes SHA256SUMS.sig by ssh-keygen, which is wherever ssh is. "file" is what
// signatures of files are for, as its manual has it.
func sign(folder, key string) error {
	out, err := exec.Command("ssh-keygen", "-Y", "sign", "-f", key, "-n", "file", filepath.Join(folder, sumsFile)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ssh-keygen: %w\n%s", err, out)
	}
	return nil
}
