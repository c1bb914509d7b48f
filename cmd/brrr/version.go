package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in releases.
var version = ""

type versionCmd struct{}

func (versionCmd) Run(io streams) error {
	fmt.Fprintf(io.out, "brrr %s, %s\n", versionName(), runtime.Version())
	return nil
}

// versionName is the release, or else the commit that was built.
func versionName() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}
