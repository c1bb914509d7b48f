// Command brrr is the whole service and its tools in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRejects = 3 // done, but some of the input was refused
)

// errRejects ends a command that is done but refused some of its input.
var errRejects = errors.New("some of the input was refused")

// commands are the subcommands, one file each. Every flag can also be given as
// BRRR_… in the environment.
type commands struct {
	Serve    serveCmd    `cmd:"" help:"Serve the API and supervise the model."`
	Keys     keysCmd     `cmd:"" help:"Create, list and revoke the keys of callers."`
	Import   importCmd   `cmd:"" help:"Record transactions, and outcomes, from files."`
	Check    checkCmd    `cmd:"" help:"Assess transactions that are recorded."`
	List     listCmd     `cmd:"" help:"List recorded assessments."`
	Watch    watchCmd    `cmd:"" help:"Show assessments as they are made."`
	Outcome  outcomeCmd  `cmd:"" help:"Report what a transaction turned out to be."`
	Outcomes outcomesCmd `cmd:"" help:"Export what transactions turned out to be, or show the reports about one."`
	Model    modelCmd    `cmd:"" help:"Show the model now serving; list models and change it."`
	Backup   backupCmd   `cmd:"" help:"Copy the store to one file, beside a server that runs on it."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup in place."`
	Doctor   doctorCmd   `cmd:"" help:"Look for faults in what is recorded."`
	Version  versionCmd  `cmd:"" help:"Show the version of this binary."`

	Completion completionCmd `cmd:"" help:"Print a script that completes commands, flags and values in a shell."`
	Complete   completeCmd   `cmd:"" hidden:""`
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, io streams) (code int) {
	defer func() {
		if e, ok := recover().(kongExit); ok {
			code = int(e)
		}
	}()
	parser, err := kong.New(&commands{},
		kong.Name("brrr"),
		kong.Description("Any client asks about a transaction; a Python model answers."),
		kong.DefaultEnvars("BRRR"),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { panic(kongExit(code)) }), // after --help
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
	)
	if err != nil {
		panic(err) // the commands struct itself is wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(io.err, "brrr: %v (see brrr --help)\n", err)
		return exitUsage
	}
	switch err := command.Run(); {
	case err == nil:
		return exitDone
	case errors.Is(err, errRejects):
		return exitRejects
	default:
		fmt.Fprintf(io.err, "brrr: %v\n", explain(err))
		return exitFailed
	}
}

type kongExit int
