package main

import (
	"os"
	"os/user"
	"strconv"
)

// actor is who runs this command, as the audit log names people: user:alice, or
// user:root (sudo by alice).
func actor() string {
	name := "user:" + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = "user:" + u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" {
		name += " (sudo by " + by + ")"
	}
	return name
}
