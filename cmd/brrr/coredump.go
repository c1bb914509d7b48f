package main

import "syscall"

// withoutCoreDumps keeps this process, and those it starts, from leaving its memory
// in a file: bearer tokens pass through it. Where it cannot be had, nothing is lost
// but that.
func withoutCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
