package main

import (
	"os"
	"syscall"
)

// withoutCoreDumps keeps this process, and those it starts, from leaving its memory
// behind: bearer tokens pass through it. The limit keeps the kernel from writing a file.
// A program that dumps are piped to gets them whatever the limit is, on Linux, so that
// the filter leaves no memory in them; registers, with the last few bytes that were
// copied, stay. To forbid dumps by prctl(PR_SET_DUMPABLE) would keep the service's own
// user from its open files and environment in /proc, as monitors read them. Where limit
// or filter cannot be had, nothing is lost but that.
func withoutCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	_ = os.WriteFile("/proc/self/coredump_filter", []byte("0"), 0)
}
