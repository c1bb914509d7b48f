package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// releaseCmd writes the same bytes wherever and whenever it runs on a commit with the
// same Go: times are the commit's, paths are cut, files are in order, and belong to
// nobody.
type releaseCmd struct {
	Version string   `help:"Such as v1.2.3." required:""`
	Out     string   `help:"Where it is written." default:"dist"`
	Only    []string `help:"Targets, such as linux-amd64. All, if none is given."`
	SignKey string   `help:"Private key of ssh-keygen, to sign the checksums." type:"existingfile"`
}

// Run writes all targets. The tree must be that of the commit which the binary names.
func (c *releaseCmd) Run() error {
	if changed, err := git("status", "--porcelain"); err != nil || changed != "" {
		return errors.Join(err, fmt.Errorf("a release is of a commit, and these files differ from it:\n%s", changed))
	}
	when, err := commitTime()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	var made []string
	for _, t := range targets {
		if len(c.Only) > 0 && !slices.Contains(c.Only, t.String()) {
			continue
		}
		files, err := c.target(t, when)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		made = append(made, files...)
	}
	if err := c.sum(made); err != nil || c.SignKey == "" {
		return err
	}
	return c.sign()
}

// target writes one target's archive and parts list, and returns their names.
func (c *releaseCmd) target(t target, when time.Time) (made []string, err error) {
	parts, err := shippedParts(t)
	if err != nil {
		return nil, err
	}
	notices, err := noticesText(parts)
	if err != nil {
		return nil, err
	}
	bom, err := bomText(c.Version, t, parts, when)
	if err != nil {
		return nil, err
	}
	binary, err := c.build(t)
	if err != nil {
		return nil, err
	}
	files, err := sourceFiles()
	if err != nil {
		return nil, err
	}
	files = append(files, file{"bin/brrr", binary, 0o755}, file{"NOTICES.txt", notices, 0o644}, file{"brrr.cdx.json", bom, 0o644})
	name := "brrr-" + c.Version + "-" + t.String()
	archive, err := pack(name, files, when)
	if err != nil {
		return nil, err
	}
	for suffix, content := range map[string][]byte{".tar.gz": archive, ".cdx.json": bom} {
		if err := os.WriteFile(filepath.Join(c.Out, name+suffix), content, 0o644); err != nil {
			return nil, err
		}
	}
	return []string{name + ".tar.gz", name + ".cdx.json"}, nil
}

func (c *releaseCmd) build(t target) ([]byte, error) {
	dir, err := os.MkdirTemp("", "supply-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "brrr")
	build := goCommand(t, "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w -X main.version="+c.Version, "-o", binary, "./cmd/brrr")
	if err := build.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(binary)
}

// sum writes checksums as sha256sum does.
func (c *releaseCmd) sum(names []string) error {
	slices.Sort(names)
	var sums strings.Builder
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(c.Out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	return os.WriteFile(c.sums(), []byte(sums.String()), 0o644)
}

func (c *releaseCmd) sums() string { return filepath.Join(c.Out, "SHA256SUMS") }

// sign writes SHA256SUMS.sig, by ssh-keygen, which is on every machine that has ssh.
func (c *releaseCmd) sign() error {
	if err := os.Remove(c.sums() + ".sig"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	out, err := exec.Command("ssh-keygen", "-Y", "sign", "-f", c.SignKey, "-n", "file", c.sums()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ssh-keygen: %w\n%s", err, out)
	}
	return nil
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// commitTime stands in place of every time in a release; SOURCE_DATE_EPOCH, if set.
func commitTime() (time.Time, error) {
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		var err error
		if seconds, err = git("log", "-1", "--format=%ct"); err != nil {
			return time.Time{}, err
		}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(n, 0).UTC(), err
}
