package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// commit is what a release is made of.
type commit struct {
	id   string
	when time.Time // in place of every time in the release
}

// cleanCommit is the commit that is checked out, if no file differs from it.
func cleanCommit() (commit, error) {
	changed, err := git("status", "--porcelain")
	if err != nil {
		return commit{}, err
	}
	if changed != "" {
		return commit{}, fmt.Errorf("a release is of a commit, and these files differ from it:\n%s", changed)
	}
	return headCommit()
}

func headCommit() (commit, error) {
	said, err := git("rev-list", "--max-count=1", "--timestamp", "HEAD")
	if err != nil {
		return commit{}, err
	}
	seconds, id, _ := strings.Cut(said, " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	return commit{id, time.Unix(n, 0).UTC()}, err
}
