// Command supply makes what is shipped: the table of licences, and release archives
// with their parts lists. It is a tool of this repository, run by make in its root.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

type commands struct {
	Licenses licensesCmd `cmd:"" help:"Write docs/licenses.md, or check that it is up to date."`
	Release  releaseCmd  `cmd:"" help:"Write an archive, its notices and its parts list for each target, and their checksums."`
}

func main() {
	command := kong.Parse(&commands{}, kong.Name("supply"))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "supply:", err)
		os.Exit(1)
	}
}
