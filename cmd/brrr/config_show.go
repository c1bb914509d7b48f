package main

import (
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// configShowCmd takes what serve takes, and how to show it.
type configShowCmd struct {
	serveCmd
	Output string `short:"o" help:"How to show it: a table, one JSON object a line, or a file of settings." enum:"table,json,yaml" default:"table" notinfile:""`
}

var settingColumns = []column{{head: "KEY"}, {head: "VALUE", prose: true}, {head: "FROM"}}

// Run shows what serve would go by. Secrets that addresses carry are hidden.
func (c *configShowCmd) Run(io streams, read *settings.Settings) error {
	switch c.Output {
	case "yaml":
		_, err := fmt.Fprint(io.out, read.YAML())
		return err
	case "json":
		return printLines(io.out, read.Shown())
	}
	var rows [][]string
	for _, s := range read.Shown() {
		rows = append(rows, []string{s.Key, s.Text, s.Origin})
	}
	return io.table(settingColumns, rows)
}
