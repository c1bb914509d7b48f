package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

type doctorCmd struct {
	oneStore
	File  string `help:"A backup to look into, instead of --data." type:"existingfile"`
	Quick bool   `help:"Leave out what takes longest: indexes entry by entry, facts and summaries computed again."`
	output
}

// AfterApply refuses to guess which of two is meant. Kong calls it.
func (c *doctorCmd) AfterApply(line *kong.Context) error {
	given := flagsOn(line)
	if c.File != "" && (given["data"] || given["store"]) {
		return errors.New("--file excludes --data and --store")
	}
	return c.oneStore.AfterApply(line)
}

// checkedLine is a check as JSON.
type checkedLine struct {
	Check   string   `json:"check"`
	Well    bool     `json:"well"`
	Looked  int64    `json:"looked_at"`
	Faults  int64    `json:"faults"`
	Shown   []string `json:"shown"`
	Note    string   `json:"note,omitempty"`
	Seconds float64  `json:"seconds"`
}

var doctorColumns = []column{{head: "CHECK"}, {head: "LOOKED AT", right: true}, {head: "FAULTS", right: true}, {head: "TIME", right: true, rank: 1}, {head: "WHAT", prose: true}}

// Run looks for faults in what is recorded. It writes nothing, and a server may
// go on meanwhile.
func (c *doctorCmd) Run(ctx context.Context, io streams) error {
	path := c.File
	if path == "" {
		if err := c.embedded("pg_amcheck looks for damage there"); err != nil {
			return err
		}
		path = sqlite.StoreFile(c.Data)
	}
	var rows [][]string
	var faults int64
	lines := json.NewEncoder(io.out)
	err := sqlite.Examine(ctx, path, c.Quick, func(found sqlite.Check) {
		faults += found.Wrong
		if c.json() {
			_ = lines.Encode(lineOf(found)) // what is not read is told by the exit code, too
		}
		rows = append(rows, checkRows(found)...)
	})
	if err != nil {
		return err
	}
	if !c.json() {
		if err := io.table(doctorColumns, rows); err != nil {
			return err
		}
	}
	if faults > 0 {
		return fmt.Errorf("%s is not well: %d faults", path, faults)
	}
	fmt.Fprintf(io.err, "%s is well\n", path)
	return nil
}

func lineOf(c sqlite.Check) checkedLine {
	return checkedLine{c.Name, c.Well(), c.Looked, c.Wrong, append([]string{}, c.Shown...), c.Note, c.Took.Seconds()}
}

// checkRows are a check's own and one for each fault that is named.
func checkRows(c sqlite.Check) [][]string {
	what := "well"
	switch {
	case c.Note != "":
		what = c.Note
	case !c.Well():
		what = c.Shown[0]
	}
	rows := [][]string{{c.Name, fmt.Sprint(c.Looked), fmt.Sprint(c.Wrong), c.Took.Round(time.Millisecond).String(), what}}
	for i, fault := range c.Shown {
		if i > 0 || c.Note != "" {
			rows = append(rows, []string{"", "", "", "", fault})
		}
	}
	if more := c.Wrong - int64(len(c.Shown)); more > 0 {
		rows = append(rows, []string{"", "", "", "", fmt.Sprintf("and %d more", more)})
	}
	return rows
}
