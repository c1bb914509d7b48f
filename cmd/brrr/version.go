package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in releases.
var version = ""

type versionCmd struct {
	Output string `short:"o" help:"How to show it: a line, or a JSON object." enum:"text,json" default:"text"`
}

// build tells from what, and with what, this binary was made.
type build struct {
	Version  string `json:"version"`  // the release, or else the commit
	Commit   string `json:"commit"`   // empty if it was built elsewhere than in a clone
	Time     string `json:"time"`     // of the commit
	Modified bool   `json:"modified"` // the commit alone is not what was built
	Go       string `json:"go"`
}

// Run shows what this binary was made from.
func (c versionCmd) Run(io streams) error {
	b := built()
	if c.Output == "json" {
		return json.NewEncoder(io.out).Encode(b)
	}
	modified := ""
	if b.Modified {
		modified = ", modified"
	}
	_, err := fmt.Fprintf(io.out, "brrr %s, commit %s of %s%s, %s\n",
		b.Version, cmp.Or(b.Commit, "unknown"), cmp.Or(b.Time, "unknown"), modified, b.Go)
	return err
}

// built is read from the binary itself.
func built() build {
	b := build{Version: version, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		b.Version = cmp.Or(b.Version, "unknown")
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	b.Version = cmp.Or(b.Version, b.Commit, info.Main.Version)
	return b
}

// versionName is the release, or else the commit that was built.
func versionName() string { return built().Version }
