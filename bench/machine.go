package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// describeMachine tells what figures can only be understood with.
func (b *bench) describeMachine(ctx context.Context) result.Machine {
	m := result.Machine{
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Go: runtime.Version(), Began: time.Now().UTC().Truncate(time.Second),
		Kernel:     firstLine(ctx, "", "uname", "-sr"),
		Filesystem: firstLine(ctx, b.cache, "findmnt", "-no", "FSTYPE", "-T", "."),
		Python:     firstLine(ctx, "", b.python(), "--version"),
		Node:       firstLine(ctx, "", "node", "--version"),
		Wrk:        firstWords(firstLine(ctx, "", "wrk", "--version"), 2),
		Commit:     firstLine(ctx, b.repo, "git", "describe", "--always", "--dirty"),
	}
	kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.MemoryBytes = kilobytes * 1024
	return m
}

// firstLine is what a program says first; "unknown" if it cannot be run.
func firstLine(ctx context.Context, dir, name string, words ...string) string {
	cmd := exec.CommandContext(ctx, name, words...)
	cmd.Dir = dir
	said, _ := cmd.CombinedOutput() // wrk exits with 1 when asked for its version
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if line == "" {
		return "unknown"
	}
	return line
}

// firstWords drops all words but the first n.
func firstWords(text string, n int) string {
	words := strings.Fields(text)
	return strings.Join(words[:min(n, len(words))], " ")
}

// field finds `name : value` in a file.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
